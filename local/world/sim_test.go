package world_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/world"
)

func TestASmallShopKeepsItsPromisesInVirtualTime(t *testing.T) {
	begin := time.Now()
	s := simulate(t, 1)
	deployed := time.Since(begin)
	s.stock("TEA-1", 10)
	s.buy(s.sixOrders("TEA-1")...)
	s.wait(30 * time.Minute)
	for _, region := range s.Regions() {
		if got := s.states(region); got["CONFIRMED"] != 4 || got["REJECTED"] != 2 {
			t.Errorf("in %s: %v", region, got)
		}
	}
	s.kept()
	t.Logf("deployed in %s; half an hour of two regions took %s and %d steps", deployed.Round(time.Millisecond),
		(time.Since(begin) - deployed).Round(time.Millisecond), s.Sim().Steps())
}

// TestEverySDKCallOfAHandlerIsAStep is what the simulated driver stands on: a handler halts at each of its calls, and what goes on around it
// goes on between two of them.
func TestEverySDKCallOfAHandlerIsAStep(t *testing.T) {
	s := simulate(t, 1)
	s.stock("TEA-1", 10)
	var steps []string
	s.Sim().OnStep(func(line string) { steps = append(steps, line) })
	s.buy(order{s.east, "TEA-1", goodCard, 2, 0})
	s.Sim().OnStep(nil)
	golden(t, "testdata/place-order.steps", strings.Join(descendants(steps, "client-0"), "\n")+"\n")
}

// descendants are the steps of a task and of all that it started, without time and numbers.
func descendants(steps []string, of string) []string {
	var out []string
	family := map[string]bool{}
	for _, line := range steps {
		fields := strings.SplitN(line, " ", 4)
		if len(fields) < 4 {
			continue
		}
		id, parent, isStep := strings.Cut(fields[1], "<")
		if !isStep || !family[id] && !family[parent] && fields[3] != of {
			continue
		}
		family[id] = true
		out = append(out, strings.TrimSpace(fields[2]+" "+fields[3]))
	}
	return out
}

// golden compares with a file, or writes it when UPDATE_GOLDEN is set.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs; with UPDATE_GOLDEN=1 it is written again. Got:\n%s", path, got)
	}
}

// TestTheSameSeedIsTheSameHistory runs its worlds at once: they share nothing.
func TestTheSameSeedIsTheSameHistory(t *testing.T) {
	seeds := []uint64{7, 7, 8}
	hashes, views := make([]string, len(seeds)), make([]any, len(seeds))
	t.Run("worlds", func(t *testing.T) {
		for i, seed := range seeds {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				s := simulate(t, seed)
				s.stock("TEA-1", 10)
				s.buy(s.sixOrders("TEA-1")...)
				s.wait(10 * time.Minute)
				v, err := s.View(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				hashes[i], views[i] = s.Sim().TraceHash(), v
			})
		}
	})
	if hashes[0] != hashes[1] || !reflect.DeepEqual(views[0], views[1]) {
		t.Errorf("seed 7 gave %s and %s", hashes[0], hashes[1])
	}
	if hashes[0] == hashes[2] {
		t.Error("seeds 7 and 8 gave the same trace")
	}
}

func TestPromisesHoldForEverySeed(t *testing.T) {
	for seed := uint64(100); seed < 105; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := simulate(t, seed)
			s.stock("TEA-1", 10)
			s.buy(s.sixOrders("TEA-1")...)
			s.wait(10 * time.Minute)
			s.kept()
		})
	}
}

func TestAnOrderWhoseSagaDiesAfterTheCaptureIsConfirmedByTheSweep(t *testing.T) {
	s := simulate(t, 3)
	s.stock("TEA-1", 10)
	until := s.Cloud().Now().Add(90 * time.Second)
	s.Cloud().Faults.InterceptBefore(func(_ context.Context, call *core.Call) error {
		if call.Service == "lambda" && bytes.Contains(call.Body, []byte(`"step":"ConfirmOrder"`)) && s.Cloud().Now().Before(until) {
			return &core.Error{Code: "ServiceException", Message: "injected", Status: 500}
		}
		return nil
	})
	id := s.buy(order{s.east, "TEA-1", goodCard, 2, 0})[0]
	s.wait(100 * time.Second)
	if state := s.stateOf(s.west)[id]; state != "PLACED" {
		t.Fatalf("the saga was not stopped: the order is %s", state)
	}
	s.wait(5 * time.Minute)
	v := s.kept()
	if len(v.Intents) != 1 || v.Intents[0].Captures != 1 {
		t.Errorf("charged: %+v", v.Intents)
	}
	if state := s.stateOf(s.east)[id]; state != "CONFIRMED" {
		t.Errorf("the order is %s", state)
	}
}

// TestThePeerFinishesTheOrdersOfALostRegion loses the home of running sagas for ten minutes.
func TestThePeerFinishesTheOrdersOfALostRegion(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { loseARegion(t, seed) })
	}
}

func loseARegion(t *testing.T, seed uint64) {
	s := simulate(t, seed)
	s.stock("TEA-1", 10)
	s.buy(order{s.east, "TEA-1", goodCard, 1, 0}, order{s.east, "TEA-1", goodCard, 2, 1}, order{s.east, "TEA-1", declinedCard, 1, 2},
		order{s.west, "TEA-1", goodCard, 1, 3}, order{s.east, "TEA-1", goodCard, 900, 4})
	steps := 0
	s.Sim().RunUntil(s.Cloud().Now(), func() bool { steps++; return steps > 150+int(seed)*20 }) // into the middle of the sagas
	s.LoseRegion(s.east)
	s.wait(10 * time.Minute)
	for id, state := range s.stateOf(s.west) {
		if state != "CONFIRMED" && state != "REJECTED" {
			t.Errorf("ten minutes after the loss %s is %s", id, state)
		}
	}
	s.RestoreRegion(s.east)
	s.wait(10 * time.Minute)
	if east, west := s.stateOf(s.east), s.stateOf(s.west); !reflect.DeepEqual(east, west) {
		t.Errorf("the regions differ: %v and %v", east, west)
	}
	// Both regions may close an order while they cannot see each other, and each mails what it closed itself; only a confirmation, which
	// one of them committed, is mailed once for certain.
	v := s.kept(mailsOnce)
	closed, mails := map[string]int{}, map[string]int{}
	for _, f := range v.Facts[s.west] {
		closed[f.OrderID+" "+string(f.Kind)]++
	}
	for _, m := range v.Mails {
		mails[m.OrderID+" "+m.Kind]++
	}
	for m, n := range mails {
		if n > closed[m] || n > 1 && strings.HasSuffix(m, " confirmed") {
			t.Errorf("%d mails of %s, which %d regions wrote", n, m, closed[m])
		}
	}
}

func TestClosingAWorldLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	w, err := world.Simulate(world.Options{Root: "../..", Seed: 1, Lag: lag})
	if err != nil {
		t.Fatal(err)
	}
	during := runtime.NumGoroutine()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if left := runtime.NumGoroutine() - before; left > 0 {
		t.Errorf("%d of %d goroutines are left", left, during-before)
	}
}

func TestTheRegistryNamesEveryFunction(t *testing.T) {
	folders, err := os.ReadDir("../../functions")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range folders {
		want = append(want, f.Name())
	}
	if got := world.FunctionNames(); !slices.Equal(got, want) {
		t.Errorf("registry: %v\nfolders:  %v", got, want)
	}
}

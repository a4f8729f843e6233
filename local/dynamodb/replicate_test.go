package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/local/core"
)

func globBody(pk, v string) string {
	return `{"TableName":"glob","Item":{"pk":{"S":"` + pk + `"},"sk":{"S":"s"},"v":{"S":"` + v + `"}}}`
}

func globKey(pk string) string {
	return `{"TableName":"glob","Key":{"pk":{"S":"` + pk + `"},"sk":{"S":"s"}}}`
}

func (w *world) conflicts() int { return w.cloud.Journal.Count(core.KindConflict) }

func TestAWriteReachesTheOtherRegionAfterTheLag(t *testing.T) {
	w := simWorld(t, 1, time.Second, Options{})
	p := w.globalTable("glob")
	w.do(east, "PutItem", globBody("a", "1"))
	w.run(900 * time.Millisecond)
	if got := w.contents(west, "glob"); got != "" {
		t.Fatalf("too early: %s", got)
	}
	if got := w.svc.Pending(); got[[2]string{east, west}] != 1 || len(got) != 1 {
		t.Errorf("pending %v", got)
	}
	w.run(300 * time.Millisecond)
	if got := w.contents(west, "glob"); got != w.contents(east, "glob") {
		t.Errorf("got %q", got)
	}
	if n := len(w.stream(west, "glob")); n != 1 {
		t.Errorf("%d records in the stream of the other region, want 1", n)
	}
	if len(w.svc.Pending()) != 0 || p.Ref != "glob" || p.Attrs["StreamArn"] != w.arn(east, "glob") {
		t.Errorf("pending %v, physical %v", w.svc.Pending(), p)
	}
}

func TestTheSameBytesInBothRegionsAreNoConflictAndNoRecord(t *testing.T) {
	w := simWorld(t, 1, time.Second, Options{})
	w.globalTable("glob")
	w.do(east, "PutItem", globBody("a", "1"))
	w.do(west, "PutItem", globBody("a", "1"))
	w.run(5 * time.Second)
	for _, region := range []string{east, west} {
		if n := len(w.stream(region, "glob")); n != 1 {
			t.Errorf("%s: %d records, want 1", region, n)
		}
	}
	if n := w.conflicts(); n != 0 {
		t.Errorf("%d conflicts", n)
	}
}

func TestConcurrentWritesConflictOnceAndTheLaterStays(t *testing.T) {
	for _, second := range []string{globBody("a", "2"), globKey("a")} {
		w := simWorld(t, 1, time.Second, Options{})
		w.globalTable("glob")
		w.do(east, "PutItem", globBody("a", "0"))
		w.run(5 * time.Second)
		w.do(east, "PutItem", globBody("a", "1"))
		w.run(100 * time.Millisecond)
		op, want := "PutItem", `{"pk":{"S":"a"},"sk":{"S":"s"},"v":{"S":"2"}}`+"\n"
		if strings.Contains(second, "Key") {
			op, want = "DeleteItem", ""
		}
		w.do(west, op, second)
		w.run(5 * time.Second)
		for _, region := range []string{east, west} {
			if got := w.contents(region, "glob"); got != want {
				t.Errorf("%s %s: %q, want %q", op, region, got, want)
			}
		}
		if n := w.conflicts(); n != 1 {
			t.Errorf("%s: %d conflicts, want 1: %v", op, n, w.cloud.Journal.Entries(core.KindConflict))
		}
	}
}

func TestWritesThatKnowEachOtherDoNotConflict(t *testing.T) {
	w := simWorld(t, 1, 0, Options{})
	w.globalTable("glob")
	for i := range 10 {
		region := []string{east, west}[i%2]
		if i%3 == 2 {
			w.do(region, "DeleteItem", globKey("a"))
		} else {
			w.do(region, "PutItem", globBody("a", fmt.Sprint(i)))
		}
		w.run(0)
		w.run(time.Microsecond)
	}
	if n := w.conflicts(); n != 0 || w.contents(east, "glob") != w.contents(west, "glob") {
		t.Errorf("%d conflicts; %s and %s", n, w.contents(east, "glob"), w.contents(west, "glob"))
	}
}

func TestARegionLostForGoodTakesWhatItHadNotSent(t *testing.T) {
	w := simWorld(t, 1, time.Second, Options{})
	w.globalTable("glob")
	w.do(east, "PutItem", globBody("a", "1"))
	w.run(5 * time.Second)
	w.do(east, "PutItem", globBody("b", "1"))
	w.cloud.Faults.SetRegion(east, core.Gone)
	w.do(west, "PutItem", globBody("c", "1"))
	w.run(time.Minute)
	if got := w.contents(west, "glob"); strings.Contains(got, `"b"`) || !strings.Contains(got, `"a"`) || len(w.svc.Pending()) != 0 {
		t.Fatalf("west has %s, pending %v", got, w.svc.Pending())
	}
	w.svc.WipeRegion(east)
	w.cloud.Faults.SetRegion(east, core.Up)
	w.svc.Rejoin(east)
	w.run(time.Minute)
	if w.contents(east, "glob") != w.contents(west, "glob") {
		t.Errorf("after the region came back: %s and %s", w.contents(east, "glob"), w.contents(west, "glob"))
	}
	w.do(east, "PutItem", globBody("d", "1"))
	w.run(time.Minute)
	if !strings.Contains(w.contents(west, "glob"), `"d"`) {
		t.Error("the region that came back does not replicate")
	}
}

// TestReplicasConverge: whatever is written, cut, healed, lost and restored, both regions end
// equal, and disjoint writers never conflict.
func TestReplicasConverge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		options := Options{Coalesce: rapid.Bool().Draw(rt, "coalesce"), Reorder: rapid.Bool().Draw(rt, "reorder")}
		w := simWorld(t, rapid.Uint64().Draw(rt, "seed"), time.Duration(rapid.IntRange(0, 200).Draw(rt, "lag"))*time.Millisecond, options)
		w.globalTable("glob")
		disjoint := rapid.Bool().Draw(rt, "disjoint")
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			region := rapid.SampledFrom([]string{east, west}).Draw(rt, "region")
			pk := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "pk")
			if disjoint {
				pk += region
			}
			up := w.cloud.Faults.Region(region) == core.Up
			switch rapid.IntRange(0, 7).Draw(rt, "step") {
			case 0:
				w.cloud.Faults.SetCut(east, west, rapid.Bool().Draw(rt, "cut"))
			case 1:
				w.cloud.Faults.SetRegion(region, rapid.SampledFrom([]core.RegionState{core.Up, core.Lost}).Draw(rt, "state"))
			case 2:
				if up {
					w.do(region, "DeleteItem", globKey(pk))
				}
			case 3, 4:
				w.run(time.Duration(rapid.IntRange(0, 300).Draw(rt, "ms")) * time.Millisecond)
			default:
				if up {
					w.do(region, "PutItem", globBody(pk, rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "v")))
				}
			}
		}
		w.cloud.Faults.SetCut(east, west, false)
		w.cloud.Faults.SetRegion(east, core.Up)
		w.cloud.Faults.SetRegion(west, core.Up)
		w.run(time.Minute)
		if a, b := w.contents(east, "glob"), w.contents(west, "glob"); a != b || len(w.svc.Pending()) != 0 {
			rt.Fatalf("east\n%swest\n%spending %v", a, b, w.svc.Pending())
		}
		if n := w.conflicts(); disjoint && n != 0 {
			rt.Fatalf("%d conflicts of disjoint writers: %v", n, w.cloud.Journal.Entries(core.KindConflict))
		}
		for _, t := range w.svc.tablesOf("") {
			if len(t.graves) != 0 && len(t.links) > 0 && t.links[0].group.pending.Load() != 0 {
				rt.Fatalf("%d changes are counted that are nowhere", t.links[0].group.pending.Load())
			}
		}
	})
}

func TestTheSameSeedReplicatesTheSameWay(t *testing.T) {
	trace := func() string {
		w := simWorld(t, 42, 100*time.Millisecond, Options{Reorder: true})
		w.globalTable("glob")
		for i := range 30 {
			w.do([]string{east, west}[i%2], "PutItem", globBody(fmt.Sprint(i%7), fmt.Sprint(i)))
			w.run(10 * time.Millisecond)
		}
		w.run(time.Minute)
		return w.sim.TraceHash() + w.contents(east, "glob")
	}
	if first, second := trace(), trace(); first != second {
		t.Error("two runs of one seed differ")
	}
}

package integration_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	"twofold/internal/platform"
)

func (r *regions) twoRegions(region string) *platform.TwoRegions {
	return platform.NewTwoRegions(r.runtime(region), r.table("orders"), other(region), true)
}

func other(region string) string { return map[string]string{east: west, west: east}[region] }

func note(pk, sk, text string) platform.Item {
	return platform.Item{"pk": attr(pk), "sk": attr(sk), "text": attr(text)}
}

func TestAnItemIsPutOnceAndTheOneThatStandsThereIsTheAnswer(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		db, table := r.db(east), r.table("orders")
		first := note("a", "1", "x")
		for _, existed := range []bool{false, true} {
			stored, err := platform.PutOnce(t.Context(), db, table, first)
			if err != nil || stored.Existed != existed {
				t.Fatalf("%+v, %v", stored, err)
			}
		}
		before := r.items(east, "orders")
		if stored, err := platform.PutOnce(t.Context(), db, table, note("a", "1", "y")); err != nil || !stored.Existed || !reflect.DeepEqual(stored.Item, first) {
			t.Errorf("%+v, %v", stored, err)
		}
		r.wantSame("a second put", before, east, "orders")
	})
}

func TestWhatStandsHereIsWhatTheOtherRegionGets(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		both := r.twoRegions(east)
		r.calls.lose(west, true)
		stored, where, err := both.PutBoth(t.Context(), note("a", "1", "first"))
		if err != nil || where != platform.InOneRegion || stored[0].Existed {
			t.Fatalf("%+v %v %v", stored, where, err)
		}
		r.calls.lose(west, false)
		stored, where, err = both.PutBoth(t.Context(), note("a", "1", "second"), note("a", "2", "second"))
		if err != nil || where != platform.InTwoRegions || !stored[0].Existed || str(stored[0].Item, "text") != "first" || stored[1].Existed {
			t.Fatalf("%+v %v %v", stored, where, err)
		}
		if here, there := r.items(east, "orders"), r.items(west, "orders"); len(here) != 2 || !reflect.DeepEqual(here, there) {
			t.Errorf("the regions hold\n%v\n%v", here, there)
		}
	})
}

func TestTheCopyFillsInWhatReplicationHasNotBroughtAndChangesNothing(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		items := []platform.Item{note("a", "1", "x"), note("a", "2", "x"), note("a", "3", "x")}
		if _, err := r.db(west).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(r.table("orders")), Item: items[1]}); err != nil {
			t.Fatal(err)
		}
		peer := platform.NewPeer(r.runtime(east), r.table("orders"), west, true)
		for range 2 {
			if where := peer.Copy(t.Context(), items...); where != platform.InTwoRegions || len(r.items(west, "orders")) != 3 {
				t.Errorf("%v: %v", where, r.items(west, "orders"))
			}
		}
		before := r.items(west, "orders")
		if where := peer.Copy(t.Context(), note("a", "1", "other")); where != platform.InOneRegion {
			t.Errorf("an item that differs: %v", where)
		}
		r.wantSame("a refused copy", before, west, "orders")
	})
}

func TestCopiesAtTheSameMomentAllEndWithTheItemsThere(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		items := []platform.Item{note("a", "1", "x"), note("a", "2", "x")}
		var wg sync.WaitGroup
		got := make([]platform.Durability, 8)
		for i := range got {
			peer := platform.NewPeer(r.runtime(east), r.table("orders"), west, true)
			wg.Go(func() { got[i] = peer.Copy(t.Context(), items...) })
		}
		wg.Wait()
		for _, where := range got {
			if where != platform.InTwoRegions {
				t.Errorf("%v", got)
			}
		}
		if n := len(r.items(west, "orders")); n != 2 {
			t.Errorf("%d items", n)
		}
	})
}

func TestWhatIsAcknowledgedInTwoRegionsStandsInBothForGood(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		r.property(t, func(rt *rapid.T, n int) {
			both := r.twoRegions(east) // with a breaker of its own
			acknowledged := map[string]string{}
			for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
				r.calls.lose(west, rapid.Bool().Draw(rt, "the other region is lost"))
				r.clock.Add(rapid.SampledFrom([]time.Duration{0, 15 * time.Second}).Draw(rt, "later"))
				var items []platform.Item
				for _, sk := range rapid.SliceOfNDistinct(rapid.IntRange(1, 3), 1, 2, rapid.ID).Draw(rt, "keys") {
					items = append(items, note(fmt.Sprint("case", n), fmt.Sprint(sk), fmt.Sprint(step)))
				}
				stored, where, err := both.PutBoth(t.Context(), items...)
				if err != nil {
					rt.Fatal(err)
				}
				for _, s := range stored {
					if where == platform.InTwoRegions {
						acknowledged[str(s.Item, "pk")+" "+str(s.Item, "sk")] = str(s.Item, "text")
					}
				}
			}
			r.calls.lose(west, false)
			here, there := r.items(east, "orders"), r.items(west, "orders")
			for key, text := range acknowledged {
				if str(here[key], "text") != text || !reflect.DeepEqual(here[key], there[key]) {
					rt.Fatalf("%s was acknowledged as %q; here stands %v, there %v", key, text, here[key], there[key])
				}
			}
		})
	})
}

func (r *regions) fences(region string) *platform.Fences {
	return platform.NewFences(r.runtime(region), r.table("orders"), other(region))
}

// replicateOwn brings the items that a region wrote, which their keys name, to the other one.
func (r *regions) replicateOwn(from string) {
	r.t.Helper()
	for _, item := range r.items(from, "orders") {
		if !strings.HasSuffix(str(item, "sk"), "#"+from) {
			continue
		}
		if _, err := r.db(other(from)).PutItem(r.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(r.table("orders")), Item: item}); err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestAFenceStandsUntilTheRegionIsLetBackIn(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := r.fences(east), r.fences(west)
		for range 2 {
			if f, err := e.Set(t.Context()); err != nil || f.Epoch != 1 || f.Region != west || f.By != east {
				t.Fatalf("%+v %v", f, err)
			}
			r.clock.Add(time.Minute)
		}
		if err := w.Check(t.Context()); err != nil {
			t.Errorf("a fence that has not arrived: %v", err)
		}
		r.replicateOwn(east)
		r.clock.Add(11 * time.Second)
		if err := w.Check(t.Context()); platform.CodeOf(err) != platform.Unavailable {
			t.Errorf("a fenced region acts: %v", err)
		}
		before := r.items(west, "orders")
		if _, err := w.Set(t.Context()); platform.CodeOf(err) != platform.Conflict {
			t.Errorf("a fenced region fences: %v", err)
		}
		r.wantSame("a refused fence", before, west, "orders")
		if _, err := w.Lift(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.replicateOwn(west)
		if _, stands, err := e.Peer(t.Context()); err != nil || stands {
			t.Errorf("the fence stands after it was lifted: %v", err)
		}
		if f, err := e.Set(t.Context()); err != nil || f.Epoch != 2 {
			t.Errorf("the next fence: %+v %v", f, err)
		}
	})
}

func TestFencesSetAtTheSameMomentAreOne(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			f := r.fences(east)
			wg.Go(func() {
				got, err := f.Set(t.Context())
				if err == nil && got.Epoch != 1 {
					err = fmt.Errorf("epoch %d", got.Epoch)
				}
				errs[i] = err
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil || len(r.items(east, "orders")) != 1 {
			t.Errorf("%v; %v", err, r.items(east, "orders"))
		}
	})
}

func TestAFencesEpochOnlyGrows(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		r.property(t, func(rt *rapid.T, _ int) {
			r.emptyOrders()
			seen := map[string]int64{} // by who looks and at whom
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				region := rapid.SampledFrom([]string{east, west}).Draw(rt, "region")
				f := r.fences(region)
				r.clock.Add(time.Second)
				var err error
				switch rapid.SampledFrom([]string{"set", "lift", "replicate"}).Draw(rt, "what") {
				case "set":
					_, err = f.Set(t.Context())
				case "lift":
					_, err = f.Lift(t.Context())
				case "replicate":
					r.replicateOwn(region)
				}
				if err != nil && platform.CodeOf(err) != platform.Conflict {
					rt.Fatal(err)
				}
				for _, at := range []string{east, west} {
					got, _, err := f.Of(t.Context(), at)
					if key := region + " at " + at; err != nil || got.Epoch < seen[key] {
						rt.Fatalf("%s: epoch %d after %d, %v", key, got.Epoch, seen[key], err)
					} else {
						seen[key] = got.Epoch
					}
				}
			}
		})
	})
}

func (r *regions) emptyOrders() {
	r.t.Helper()
	for _, region := range []string{east, west} {
		for _, item := range r.items(region, "orders") {
			if _, err := r.db(region).DeleteItem(r.t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(r.table("orders")),
				Key: platform.Item{"pk": item["pk"], "sk": item["sk"]}}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

func TestOnlyAnEmptyTableIsEmpty(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		f := r.fences(east)
		if err := f.Empty(t.Context(), r.table("orders")); err != nil {
			t.Error(err)
		}
		if _, err := platform.PutOnce(t.Context(), r.db(east), r.table("orders"), note("a", "1", "x")); err != nil {
			t.Fatal(err)
		}
		if err := f.Empty(t.Context(), r.table("orders")); platform.CodeOf(err) != platform.Conflict {
			t.Errorf("%v", err)
		}
	})
}

package integration_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	"twofold/internal/health"
	"twofold/internal/platform"
)

// ward is health's functions in a region.
type ward struct {
	*regions
	region     string
	api, probe lambda.Handler
}

func openWard(r *regions, region string) *ward {
	r.openStripe()
	r.openCarrier()
	return &ward{regions: r, region: region, api: r.build(region, "health", health.NewAPI), probe: r.build(region, "health", health.NewProbe)}
}

func (w *ward) look() { w.t.Helper(); w.must(w.invoke(w.probe, struct{}{}, new(any))) }

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) status() reply { w.t.Helper(); return w.send(w.api, request{route: "GET /health"}) }

func TestARegionIsWellWhileAProbeOfLateSaysSo(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		w := openWard(r, east)
		if a := w.status(); a.status != http.StatusServiceUnavailable {
			t.Errorf("before the first probe: %d %s", a.status, a.raw)
		}
		w.look()
		checks, ok := w.status().body["checks"].([]any)
		if a := w.status(); a.status != http.StatusOK || !ok || len(checks) != 9 {
			t.Errorf("%d %s", a.status, a.raw)
		}
		r.clock.Add(3*time.Minute + time.Millisecond)
		if a := w.status(); a.status != http.StatusServiceUnavailable {
			t.Errorf("of an old report: %d %s", a.status, a.raw)
		}
		if n := len(r.items(west, "health")); n != 0 {
			t.Errorf("the other region has %d items of it", n)
		}
	})
}

func TestAnOperatorTakesARegionOutWhateverTheProbeSays(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		w, table := openWard(r, east), aws.String(r.table("health"))
		key := platform.Item{"pk": attr("health"), "sk": attr("operator")}
		_, err := r.db(east).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: key})
		w.must(err)
		for range 2 {
			w.look()
			if a := w.status(); a.status != http.StatusServiceUnavailable {
				t.Errorf("%d %s", a.status, a.raw)
			}
		}
		_, err = r.db(east).DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: table, Key: key})
		w.must(err)
		if a := w.status(); a.status != http.StatusOK {
			t.Errorf("taken in again: %d %s", a.status, a.raw)
		}
	})
}

func TestEachRegionsHeartbeatIsItsOwnItem(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		e, w := openWard(r, east), openWard(r, west)
		e.look()
		w.look()
		r.replicate("catalogue", west, east)
		r.clock.Add(time.Minute)
		e.look()
		items := r.items(east, "catalogue")
		if own, theirs := items["heartbeat#us-east-1 heartbeat#us-east-1"], items["heartbeat#us-west-2 heartbeat#us-west-2"]; len(items) != 2 ||
			str(own, "at") != "2026-03-01T12:01:00.000Z" || str(theirs, "at") != "2026-03-01T12:00:00.000Z" {
			t.Errorf("%v", items)
		}
	})
}

func TestProbesAtTheSameMomentLeaveOneWholeReport(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		w := openWard(r, east)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(w.look)
		}
		wg.Wait()
		if a := w.status(); a.status != http.StatusOK || len(r.items(east, "health")) != 1 {
			t.Errorf("%d %s", a.status, a.raw)
		}
	})
}

func TestTheReportIsAlwaysTheLastProbes(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		w := openWard(r, east)
		up := map[string]http.RoundTripper{"stripe.test": r.calls.hosts["stripe.test"], "carrier.test": r.calls.hosts["carrier.test"]}
		r.property(t, func(rt *rapid.T, _ int) {
			for range rapid.IntRange(1, 4).Draw(rt, "probes") {
				failing := 0
				for _, host := range []string{"stripe.test", "carrier.test"} {
					if r.calls.hosts[host] = up[host]; rapid.Bool().Draw(rt, host) {
						r.calls.hosts[host] = down()
						failing++
					}
				}
				r.clock.Add(time.Minute)
				w.look()
				a := w.status()
				errors, _ := a.body["errors"].([]any)
				if well := a.status == http.StatusOK; well != (failing == 0) || len(errors) != failing || well && a.body["at"] != r.clock.Now().Format("2006-01-02T15:04:05.000Z") {
					rt.Fatal(fmt.Sprint(failing, " failing: ", a.status, " ", a.raw))
				}
			}
		})
	})
}

package apigateway

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

// TestTheSameSeedGivesTheSameRun drives the gateway in-process under the virtual clock: no socket, no
// goroutine of its own, and 29 seconds that take no time.
func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	run := func() (trace string, codes []int, took time.Duration) {
		faults := core.NewFaults(0)
		begun := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		sim := core.NewSim(begun, faults, 11)
		b := empty(t)
		b.cloud = core.New(sim, faults, 11)
		b.gateway = New(b.cloud, func(ctx context.Context, in Invocation) (Result, error) {
			if strings.HasSuffix(in.FunctionARN, ":auth") {
				return Result{Payload: []byte(allowAll)}, nil
			}
			return Result{Payload: []byte(accepted)}, sim.Sleep(ctx, time.Minute)
		}, compile)
		b.deploy(document(t), nil)
		for range 3 {
			sim.Go(context.Background(), "client", func(ctx context.Context) {
				r := httptest.NewRequestWithContext(ctx, "GET", "http://shop.test/v1/orders/o1", nil)
				r.Header.Set("Authorization", "Bearer t1")
				w := httptest.NewRecorder()
				b.gateway.Handler("us-east-1").ServeHTTP(w, r)
				codes, took = append(codes, w.Code), sim.Now().Sub(begun)
			})
		}
		sim.Run(begun.Add(time.Hour))
		return sim.TraceHash(), codes, took
	}
	first, codes, took := run()
	if fmt.Sprint(codes) != "[504 504 504]" || took != maxWait {
		t.Errorf("%v after %v", codes, took)
	}
	if second, _, _ := run(); first != second {
		t.Error("two runs of one seed differ")
	}
}

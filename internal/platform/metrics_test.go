package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

type stopped struct{ Clock }

func (stopped) Now() time.Time { return time.UnixMilli(1_700_000_000_123) }

func TestASampleIsALineOfTheEmbeddedMetricFormat(t *testing.T) {
	var out bytes.Buffer
	rt := Runtime{Clock: stopped{}, Log: slog.New(slog.NewJSONHandler(&out, nil)), Getenv: func(string) string { return "Twofold/test" }}
	//lint:ignore SA1029 the key is that of aws-lambda-go
	traced := context.WithValue(t.Context(), "x-amzn-trace-id", "Root=1")
	ctx := lambdacontext.NewContext(traced, &lambdacontext.LambdaContext{AwsRequestID: "r1"})
	rt.Metrics().Put(ctx, "rejected", []any{"order", "ord_1"}, Sample{Metric: OrdersRejected, Value: 1, By: "PaymentDeclined"})
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Service": "order", "Reason": "PaymentDeclined", "OrdersRejected": 1.0, "order": "ord_1", "requestId": "r1", "traceId": "Root=1", "msg": "rejected"}
	for name, v := range want {
		if line[name] != v {
			t.Errorf("%s is %v, want %v", name, line[name], v)
		}
	}
	metrics := []any{map[string]any{"Name": "OrdersRejected", "Unit": "Count"}}
	aws := map[string]any{"Timestamp": 1_700_000_000_123.0, "CloudWatchMetrics": []any{
		map[string]any{"Namespace": "Twofold/test", "Dimensions": []any{[]any{"Service"}}, "Metrics": metrics},
		map[string]any{"Namespace": "Twofold/test", "Dimensions": []any{[]any{"Service", "Reason"}}, "Metrics": metrics},
	}}
	if !reflect.DeepEqual(line["_aws"], aws) {
		t.Errorf("_aws is %v", line["_aws"])
	}
}

func TestWithoutANamespaceNothingIsWritten(t *testing.T) {
	var out bytes.Buffer
	rt := Runtime{Clock: stopped{}, Log: slog.New(slog.NewJSONHandler(&out, nil)), Getenv: func(string) string { return "" }}
	rt.Metrics().Put(t.Context(), "placed", nil, Sample{Metric: OrdersPlaced, Value: 1})
	Metrics{}.Put(t.Context(), "placed", nil, Sample{Metric: OrdersPlaced, Value: 1})
	if out.Len() != 0 {
		t.Errorf("written: %s", out.String())
	}
}

func TestMetricsHaveNamesOfTheirOwnAndUnitsOfCloudWatch(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range DeclaredMetrics() {
		if seen[m.Name] || m.Name == "" || m.Service == "" {
			t.Errorf("%+v", m)
		}
		seen[m.Name] = true
		if m.Unit != "Count" && m.Unit != "Seconds" && m.Unit != "Milliseconds" {
			t.Errorf("%s has the unit %q", m.Name, m.Unit)
		}
	}
}

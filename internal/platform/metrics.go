package platform

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Metric is one that functions emit. The declarations below are the one place where names stand: alarms and dashboards are held to them.
type Metric struct {
	Name    string
	Unit    string // of CloudWatch's units: "Count", "Milliseconds", "Seconds"
	Service string // the only dimension of all: each metric more costs, whoever looks at it
	By      string // a second dimension beside the sum of all; "" for none
}

// The metrics of the business, and of what AWS's own metrics do not show.
var (
	OrdersPlaced     = Metric{Name: "OrdersPlaced", Unit: "Count", Service: "order"}
	TwoRegionDurable = Metric{Name: "TwoRegionDurable", Unit: "Count", Service: "order"} // 1 or 0 for each order; its average is the share
	OrdersConfirmed  = Metric{Name: "OrdersConfirmed", Unit: "Count", Service: "order"}  // in the region that committed
	OrdersRejected   = Metric{Name: "OrdersRejected", Unit: "Count", Service: "order", By: "Reason"}
	OrdersCancelled  = Metric{Name: "OrdersCancelled", Unit: "Count", Service: "order"}
	TimeToConfirm    = Metric{Name: "TimeToConfirm", Unit: "Milliseconds", Service: "order"} // without orders whose shopper was sent to authenticate
	SagaRestarts     = Metric{Name: "SagaRestarts", Unit: "Count", Service: "order"}         // of the region's own orders
	Takeovers        = Metric{Name: "Takeovers", Unit: "Count", Service: "order"}            // sagas of the peer's orders that the sweep started
	SweepLag         = Metric{Name: "SweepLag", Unit: "Seconds", Service: "order"}           // how far the slowest list is behind where it should be
	SweepFailures    = Metric{Name: "SweepFailures", Unit: "Count", Service: "order"}
	StockTransfers   = Metric{Name: "StockTransfers", Unit: "Count", Service: "inventory"}
	UnitsTransferred = Metric{Name: "UnitsTransferred", Unit: "Count", Service: "inventory"}
	DeadLettered     = Metric{Name: "DeadLettered", Unit: "Count", Service: "messages"} // messages that a function refused for good
	ReplicationLag   = Metric{Name: "ReplicationLag", Unit: "Seconds", Service: "health"}
	ChecksFailed     = Metric{Name: "ChecksFailed", Unit: "Count", Service: "health"}
	SecretAge        = Metric{Name: "SecretAge", Unit: "Seconds", Service: "secrets"} // of each key that is current, once a day
)

// DeclaredMetrics are all metrics that functions may emit.
func DeclaredMetrics() []Metric {
	return []Metric{OrdersPlaced, TwoRegionDurable, OrdersConfirmed, OrdersRejected, OrdersCancelled, TimeToConfirm, SagaRestarts, Takeovers,
		SweepLag, SweepFailures, StockTransfers, UnitsTransferred, DeadLettered, ReplicationLag, ChecksFailed, SecretAge}
}

// MetricsNamespace is the variable that names the metrics' namespace, which has the stage in it: an account may hold several.
const MetricsNamespace = "METRICS_NAMESPACE"

// Metrics writes metrics in CloudWatch's embedded metric format into the function's log, where CloudWatch takes them from: no call, nothing to
// wait for, and a line that says what happened is the metric too
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
// The zero Metrics writes nothing.
type Metrics struct {
	log       *slog.Logger
	clock     Clock
	namespace string
}

// Metrics writes to the runtime's log; nothing where no namespace is set.
func (rt Runtime) Metrics() Metrics {
	if rt.Getenv == nil {
		return Metrics{}
	}
	return Metrics{log: rt.Log, clock: rt.Clock, namespace: rt.Getenv(MetricsNamespace)}
}

// Sample is a value of a metric. By is the value of its second dimension, if it has one: a word of ours, never anything a person wrote.
type Sample struct {
	Metric Metric
	Value  float64
	By     string
}

// embedded is the member _aws of a line.
type embedded struct {
	Timestamp         int64 // milliseconds
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct {
	Name string
	Unit string `json:",omitempty"`
}

// Put writes a line with the samples, which are of one service; about are further members as slog takes them, such as the order's id. At most
// one sample has a By.
func (m Metrics) Put(ctx context.Context, message string, about []any, samples ...Sample) {
	if m.log == nil || m.namespace == "" || len(samples) == 0 {
		return
	}
	service := samples[0].Metric.Service
	attrs := append([]any{slog.String("Service", service)}, about...)
	var plain, split []definition
	dimensions := []string{"Service"}
	for _, s := range samples {
		d := definition{s.Metric.Name, s.Metric.Unit}
		plain = append(plain, d)
		if s.Metric.By != "" && s.By != "" {
			split, dimensions = append(split, d), append(dimensions, s.Metric.By)
			attrs = append(attrs, slog.String(s.Metric.By, s.By))
		}
		attrs = append(attrs, slog.Float64(s.Metric.Name, s.Value))
	}
	all := []directive{{m.namespace, [][]string{{"Service"}}, plain}}
	if split != nil {
		all = append(all, directive{m.namespace, [][]string{dimensions}, split})
	}
	attrs = append(attrs, slog.Any("_aws", embedded{m.clock.Now().UnixMilli(), all}))
	m.log.Info(message, append(attrs, Trail(ctx)...)...)
}

// Trail is what a log line says of the invocation it belongs to: request and, where tracing carries one, trace. The order's id goes where a trace
// cannot: through the stream, the pipe, the bus and the saga.
func Trail(ctx context.Context) []any {
	var out []any
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		out = append(out, "requestId", lc.AwsRequestID)
	}
	if id, ok := ctx.Value("x-amzn-trace-id").(string); ok && id != "" { // the key that aws-lambda-go uses
		out = append(out, "traceId", id)
	}
	return out
}

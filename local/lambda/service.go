package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"twofold/local/core"
)

// What Lambda bills.
const (
	Requests  core.Unit = "lambda:Request"
	GBSeconds core.Unit = "lambda:GBSecond"
)

// Config is what a Service is made from. Cloud, Context and Runner are required.
type Config struct {
	Cloud *core.Cloud
	// Context is the parent of the tasks that the service starts (pollers, asynchronous invocations).
	Context context.Context
	Runner  Runner
	Queues  Queues
	// Deliver puts a failed asynchronous event into a dead-letter queue or destination, as
	// the function's role.
	Deliver func(ctx context.Context, region, targetARN string, body []byte, attributes map[string]string, as core.Principal) error
	// Filter compiles one event pattern of FilterCriteria; match gets a record as JSON.
	Filter func(pattern json.RawMessage) (match func(record []byte) (bool, error), err error)
	// Observe, if set, is told of every invocation; it must be short.
	Observe func(Observed)
	// Pollers is how many tasks poll for a mapping without ScalingConfig; 5, as Lambda begins with, when zero.
	Pollers int
}

// Queues is what a mapping needs of SQS.
type Queues struct {
	// Receive takes up to most messages (1..10), waiting up to wait for the first.
	Receive func(ctx context.Context, region, queueARN string, most int, wait time.Duration, as core.Principal) ([]QueueMessage, error)
	// Delete deletes by receipt handle.
	Delete func(ctx context.Context, region, queueARN string, receipts []string, as core.Principal) error
}

// QueueMessage is a received message as the mapping's event shows it.
type QueueMessage struct {
	MessageID, ReceiptHandle, Body, MD5OfBody, MD5OfAttributes string
	Attributes                                                 map[string]string
	MessageAttributes                                          map[string]QueueAttribute
}

// QueueAttribute is a message attribute.
type QueueAttribute struct {
	DataType    string
	StringValue *string
	BinaryValue []byte
}

// accountConcurrency is a new account's limit; AWS keeps at least minUnreserved of it for
// functions without a reservation.
const (
	accountConcurrency = 1000
	minUnreserved      = 100
	latest             = "$LATEST"
)

// Service keeps the functions of all regions. Build it with New; it is a core.Service.
type Service struct {
	Config

	mu        sync.Mutex
	functions map[string]*function // by ARN
	mappings  map[string]*mapping  // by UUID
	running   map[string]int       // unreserved invocations by region
	named     map[callName]target
}

// callName is how a caller names a function: read once, since the same callers name the same functions.
type callName struct{ region, name, qualifier string }

// New makes a service without functions.
func New(c Config) *Service {
	if c.Pollers == 0 {
		c.Pollers = 5
	}
	return &Service{Config: c, functions: map[string]*function{}, mappings: map[string]*mapping{}, running: map[string]int{}, named: map[callName]target{}}
}

// Observed is an invocation as CloudWatch counts it.
type Observed struct {
	Region, Function   string
	Qualifier          string // alias or version that the caller named; "" for none
	Version            string // that ran
	Throttled, Errored bool
	Duration           time.Duration
}

func (s *Service) observe(t target, o Observed) {
	if s.Observe == nil {
		return
	}
	o.Region, o.Function, o.Qualifier, o.Version = t.version.Region, t.version.Name, t.qualifier, t.version.Number
	s.Observe(o)
}

func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil { // only shapes of this package are encoded, and they can be
		panic(fmt.Sprintf("lambda: %v", err))
	}
	return out
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

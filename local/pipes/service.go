package pipes

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// Record is one record of a stream as its consumers get it.
type Record struct {
	Seq  uint64
	JSON json.RawMessage // eventID, eventName, dynamodb with Keys, NewImage, SequenceNumber, ...
}

// Entry is one event for a bus.
type Entry struct {
	Source, DetailType string
	Resources          []string
	Time               time.Time // zero when not given
	Detail             []byte    // JSON
}

// FailedEntry is an entry that a bus refused, by its place in the call.
type FailedEntry struct {
	Index         int
	Code, Message string
}

// Delivery is one body for a queue, a function or a state machine.
type Delivery struct {
	Region          string
	TargetARN       string
	Principal       core.Principal // the pipe's role
	SourceARN       string         // the pipe's ARN
	Body            []byte         // a record for a queue; a JSON array of records otherwise
	MessageGroupID  string
	DeduplicationID string
	Async           bool // FIRE_AND_FORGET: do not wait for a function or execution to end
}

// Ports are what pipes need from elsewhere. All but Latest and Duplicate are required.
type Ports struct {
	// ReadStream gives up to limit records behind a position, in order; it blocks until there is one.
	ReadStream func(ctx context.Context, region, streamARN string, after uint64, limit int) ([]Record, error)
	// Latest is the position of the newest record, for StartingPosition LATEST.
	Latest func(region, streamARN string) uint64
	// PutEvents puts at most 10 entries on a bus as principal.
	PutEvents func(ctx context.Context, region, busARN string, principal core.Principal, entries []Entry) ([]FailedEntry, error)
	// Send delivers to other targets and to dead-letter queues; the answer is that of a function.
	Send func(ctx context.Context, d Delivery) ([]byte, error)
	// Duplicate says whether what was just delivered is delivered once more.
	Duplicate func(region, pipe string) bool
}

// Service is EventBridge Pipes in all regions; signing name "pipes". Safe for many tasks.
type Service struct {
	base  context.Context
	cloud *core.Cloud
	ports Ports

	mu    sync.Mutex
	pipes map[pipeKey]*pipe
	saved map[pipeKey]uint64 // positions of pipes that are not made yet
}

type pipeKey struct{ region, name string }

// pipe is a running or stopped pipe. The service's mutex guards what is below cancel.
type pipe struct {
	definition
	cancel context.CancelFunc // nil when stopped

	position   uint64
	delivered  int
	retries    int    // of the batch at hand
	lastError  string // why the batch at hand failed
	authorized bool
	denied     bool
}

// New makes a service whose pipes end with ctx.
func New(ctx context.Context, cloud *core.Cloud, ports Ports) *Service {
	return &Service{base: ctx, cloud: cloud, ports: ports, pipes: map[pipeKey]*pipe{}, saved: map[pipeKey]uint64{}}
}

// Status is how a pipe is doing.
type Status struct {
	Region, Name string
	Running      bool
	Position     uint64 // of the last record that is done with
	Delivered    int    // records
	Retries      int    // of the batch at hand
	LastError    string // "" when all is well
}

// Statuses are all pipes by region and name, for people and checkers.
func (s *Service) Statuses() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Status
	for k, p := range s.pipes {
		out = append(out, Status{k.region, k.name, p.cancel != nil && !p.denied, p.position, p.delivered, p.retries, p.lastError})
	}
	slices.SortFunc(out, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Checkpoints are the positions of all pipes, by "region/name".
func (s *Service) Checkpoints() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]uint64{}
	for k, p := range s.pipes {
		out[k.region+"/"+k.name] = p.position
	}
	return out
}

// Restore gives pipes that are made later the positions of an earlier run.
func (s *Service) Restore(checkpoints map[string]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, position := range checkpoints {
		region, name, _ := strings.Cut(name, "/")
		s.saved[pipeKey{region, name}] = position
	}
}

// Handle implements core.Service: DescribePipe, ListPipes, StartPipe and StopPipe.
func (s *Service) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	rest, ok := strings.CutPrefix(call.Path, "/v1/pipes")
	name, verb, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	switch {
	case !ok:
	case call.Method == "GET" && name == "":
		return s.list(call)
	case call.Method == "GET" && verb == "":
		return s.describe(call, name)
	case call.Method == "POST" && verb == "start":
		return s.change(call, name, "pipes:StartPipe", s.start)
	case call.Method == "POST" && verb == "stop":
		return s.change(call, name, "pipes:StopPipe", s.stop)
	}
	return nil, core.NotRun("Pipes", call.Method+" "+call.Path)
}

func pipeARN(region, name string) string { return core.ARN("pipes", region, "pipe/"+name) }

func (p *pipe) state() string {
	switch {
	case p.denied:
		return "START_FAILED"
	case p.cancel == nil:
		return "STOPPED"
	}
	return "RUNNING"
}

func (p *pipe) view() map[string]any {
	out := map[string]any{"Name": p.name, "Arn": p.arn, "Source": p.source, "Target": p.target, "CurrentState": p.state(),
		"DesiredState": map[bool]string{true: "RUNNING", false: "STOPPED"}[p.cancel != nil]}
	if p.lastError != "" {
		out["StateReason"] = p.lastError
	}
	return out
}

func (s *Service) list(call *core.Call) (*core.Reply, error) {
	if err := call.Authorize("pipes:ListPipes", "*"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []map[string]any{}
	for k, p := range s.pipes {
		if k.region == call.Region && strings.HasPrefix(k.name, call.Query.Get("NamePrefix")) {
			out = append(out, p.view())
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return cmp.Compare(a["Name"].(string), b["Name"].(string)) })
	return &core.Reply{Body: map[string]any{"Pipes": out}}, nil
}

func (s *Service) describe(call *core.Call, name string) (*core.Reply, error) {
	if err := call.Authorize("pipes:DescribePipe", pipeARN(call.Region, name)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pipes[pipeKey{call.Region, name}]
	if p == nil {
		return nil, notFound(name)
	}
	out := p.view()
	out["RoleArn"] = p.role
	return &core.Reply{Body: out}, nil
}

func notFound(name string) error {
	return &core.Error{Code: "NotFoundException", Message: "Pipe " + name + " does not exist.", Status: 404}
}

func (s *Service) change(call *core.Call, name, action string, do func(*pipe)) (*core.Reply, error) {
	if err := call.Authorize(action, pipeARN(call.Region, name)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pipes[pipeKey{call.Region, name}]
	if p == nil {
		return nil, notFound(name)
	}
	do(p)
	return &core.Reply{Body: p.view()}, nil
}

// start begins a pipe's task. Call with mu held.
func (s *Service) start(p *pipe) {
	if p.cancel != nil {
		return
	}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(core.WithRegion(s.base, p.region))
	p.denied, p.authorized = false, false
	s.cloud.Go(ctx, "pipe/"+p.name, func(ctx context.Context) { s.run(ctx, p) })
}

// stop ends a pipe's task where it stands. Call with mu held.
func (s *Service) stop(p *pipe) {
	if p.cancel != nil {
		p.cancel()
		p.cancel = nil
	}
}

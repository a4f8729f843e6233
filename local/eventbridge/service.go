package eventbridge

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// Ports are what the buses need from elsewhere. Deliver is required.
type Ports struct {
	// Deliver sends a body to a target that is not a bus, and to dead-letter queues, acting as
	// Principal (it authorizes the call). An error that is a *[Failure] says whether to try again;
	// others are judged by [Classify].
	Deliver func(ctx context.Context, d Delivery) error
	// Schedule fires a rule's schedule until stop is called; nil refuses rules with one.
	// local/scheduler's Every has this shape.
	Schedule func(region, name, expression string, fire func(ctx context.Context, at time.Time)) (stop func(), err error)
	// Validate checks every event that a bus accepts; an error is journalled and given to Invalid,
	// and the event goes on.
	Validate func(region, bus string, event []byte) error
	Invalid  func(region, bus string, event []byte, err error)
	// Duplicate says whether a delivery that has succeeded is made once more: at least once.
	Duplicate func(d Delivery) bool
}

// Delivery is one body for one target.
type Delivery struct {
	Region    string // of the rule
	TargetARN string
	// Principal is the target's role or, without one, the service "events.amazonaws.com".
	Principal      core.Principal
	SourceARN      string            // the rule's ARN, for resource policies
	Body           []byte            // what the target gets
	MessageGroupID string            // for FIFO queues
	Attributes     map[string]string // message attributes of a dead letter; nil otherwise
}

// Service is EventBridge in all regions; signing name "events". Safe for many tasks.
type Service struct {
	base  context.Context
	cloud *core.Cloud
	ports Ports

	mu      sync.RWMutex
	buses   map[busKey]*bus
	replays map[busKey]*replay
	schemas map[schemaKey]Schema
	tags    map[string][]Tag  // by ARN of a bus or rule
	made    map[string]string // resource -> name of the bus, rule or archive that it made
}

type busKey struct{ region, name string }

// bus is guarded by the service's mutex; rules and archives are replaced, never changed.
type bus struct {
	region, name, arn string
	description       string
	policy            map[string]any
	created, modified time.Time
	rules             []*rule // by name
	archives          []*archive
}

// New makes a service whose tasks end with ctx.
func New(ctx context.Context, cloud *core.Cloud, ports Ports) *Service {
	return &Service{base: ctx, cloud: cloud, ports: ports, buses: map[busKey]*bus{}, replays: map[busKey]*replay{},
		schemas: map[schemaKey]Schema{}, tags: map[string][]Tag{}, made: map[string]string{}}
}

type operation func(s *Service, ctx context.Context, call *core.Call) (any, error)

// Handle implements core.Service.
func (s *Service) Handle(ctx context.Context, call *core.Call) (*core.Reply, error) {
	op := operations(call.Operation)
	if op == nil {
		return nil, core.NotRun("EventBridge", "the operation "+call.Operation)
	}
	body, err := op(s, ctx, call)
	if err != nil {
		return nil, err
	}
	if body == nil {
		body = struct{}{}
	}
	return &core.Reply{Body: body}, nil
}

func operations(name string) operation {
	switch name {
	case "PutEvents":
		return (*Service).putEvents
	case "TestEventPattern":
		return (*Service).testEventPattern
	case "CreateEventBus":
		return (*Service).createEventBus
	case "DescribeEventBus":
		return (*Service).describeEventBus
	case "ListEventBuses":
		return (*Service).listEventBuses
	case "DeleteEventBus":
		return (*Service).deleteEventBus
	case "PutTargets":
		return (*Service).putTargets
	case "RemoveTargets":
		return (*Service).removeTargets
	case "ListTargetsByRule":
		return (*Service).listTargetsByRule
	}
	if op := ruleOperations(name); op != nil {
		return op
	}
	return archiveOperations(name)
}

func archiveOperations(name string) operation {
	switch name {
	case "CreateArchive":
		return (*Service).createArchive
	case "DescribeArchive":
		return (*Service).describeArchive
	case "UpdateArchive":
		return (*Service).updateArchive
	case "DeleteArchive":
		return (*Service).deleteArchive
	case "ListArchives":
		return (*Service).listArchives
	case "StartReplay":
		return (*Service).startReplay
	case "DescribeReplay":
		return (*Service).describeReplay
	case "ListReplays":
		return (*Service).listReplays
	case "TagResource":
		return (*Service).tagResource
	case "UntagResource":
		return (*Service).untagResource
	case "ListTagsForResource":
		return (*Service).listTags
	}
	return nil
}

func ruleOperations(name string) operation {
	switch name {
	case "PutRule":
		return (*Service).putRule
	case "DescribeRule":
		return (*Service).describeRule
	case "ListRules":
		return (*Service).listRules
	case "ListRuleNamesByTarget":
		return (*Service).listRuleNamesByTarget
	case "DeleteRule":
		return (*Service).deleteRule
	case "EnableRule":
		return (*Service).enableRule
	case "DisableRule":
		return (*Service).disableRule
	}
	return nil
}

const defaultBus = "default"

// busName is the name in a bus's name or ARN; "" is the default bus.
func busName(nameOrARN string) string {
	if nameOrARN == "" {
		return defaultBus
	}
	if _, rest, ok := strings.Cut(nameOrARN, ":event-bus/"); ok {
		return rest
	}
	return nameOrARN
}

func busARN(region, name string) string { return core.ARN("events", region, "event-bus/"+name) }

// arnRegion is the region of an ARN, "" when it has none.
func arnRegion(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[3]
	}
	return ""
}

func isBus(arn string) bool { return strings.Contains(arn, ":event-bus/") }

// find is a bus, or nil. The default bus of a region always exists. Call with mu held.
func (s *Service) find(region, name string) *bus {
	b := s.buses[busKey{region, name}]
	if b == nil && name == defaultBus {
		b = s.add(region, name)
	}
	return b
}

// bus is find with its own locking.
func (s *Service) bus(region, name string) *bus {
	s.mu.RLock()
	b := s.buses[busKey{region, name}]
	s.mu.RUnlock()
	if b != nil || name != defaultBus {
		return b
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(region, name)
}

func (s *Service) add(region, name string) *bus {
	now := s.cloud.Now()
	b := &bus{region: region, name: name, arn: busARN(region, name), created: now, modified: now}
	s.buses[busKey{region, name}] = b
	return b
}

func noBus(name string) error {
	return core.Errorf("ResourceNotFoundException", "Event bus %s does not exist.", name)
}

func invalid(format string, args ...any) *core.Error {
	return core.Errorf("ValidationException", format, args...)
}

func limitExceeded() error {
	return core.Errorf("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
}

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

type busDescription struct {
	Name             string
	Arn              string
	Description      string `json:",omitempty"`
	CreationTime     float64
	LastModifiedTime float64
}

func (b *bus) describe() busDescription {
	return busDescription{b.name, b.arn, b.description, epoch(b.created), epoch(b.modified)}
}

func (s *Service) createEventBus(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		Name, Description, EventSourceName string
		Tags                               []Tag
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if in.EventSourceName != "" {
		return nil, core.NotRun("EventBridge", "partner event sources")
	}
	if in.Name == "" || strings.Contains(in.Name, "/") {
		return nil, invalid("Event bus name must not be empty or contain '/'.")
	}
	if err := call.Authorize("events:CreateEventBus", busARN(call.Region, in.Name)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buses[busKey{call.Region, in.Name}] != nil || in.Name == defaultBus {
		return nil, core.Errorf("ResourceAlreadyExistsException", "Event bus %s already exists.", in.Name)
	}
	b := s.add(call.Region, in.Name)
	b.description = in.Description
	s.tags[b.arn] = in.Tags
	out := map[string]any{"EventBusArn": b.arn}
	if in.Description != "" {
		out["Description"] = in.Description
	}
	return out, nil
}

func (s *Service) describeEventBus(_ context.Context, call *core.Call) (any, error) {
	var in struct{ Name string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	name := busName(in.Name)
	if err := call.Authorize("events:DescribeEventBus", busARN(call.Region, name)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.find(call.Region, name)
	if b == nil {
		return nil, noBus(name)
	}
	return b.describe(), nil
}

func (s *Service) listEventBuses(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		NamePrefix string
		paging
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	if err := call.Authorize("events:ListEventBuses", busARN(call.Region, "*")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(call.Region, defaultBus)
	out := []busDescription{}
	for k, b := range s.buses {
		if k.region == call.Region && strings.HasPrefix(k.name, in.NamePrefix) {
			out = append(out, b.describe())
		}
	}
	slices.SortFunc(out, func(a, b busDescription) int { return cmp.Compare(a.Name, b.Name) })
	return page(in.paging, "EventBuses", out)
}

func (s *Service) deleteEventBus(_ context.Context, call *core.Call) (any, error) {
	var in struct{ Name string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	name := busName(in.Name)
	if err := call.Authorize("events:DeleteEventBus", busARN(call.Region, name)); err != nil {
		return nil, err
	}
	if name == defaultBus {
		return nil, invalid("Cannot delete event bus default.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buses[busKey{call.Region, name}]
	if b != nil && len(b.rules) > 0 {
		return nil, invalid("Event bus %s cannot be deleted since it has rules.", name)
	}
	delete(s.buses, busKey{call.Region, name})
	delete(s.tags, busARN(call.Region, name))
	return nil, nil
}

package states

import (
	"context"
	"fmt"
	"sync"

	"twofold/local/core"
)

// Options are what the service needs from outside.
type Options struct {
	// Invoke runs a function, and decides whether the role in its Principal may. Required.
	Invoke Invoke
	// Duplicate decides for each EXPRESS execution that was started asynchronously whether it runs
	// a second time, as at-least-once allows. It must not block. nil never does.
	Duplicate func(Execution) bool
}

// Service is Step Functions in all regions. Safe for many tasks.
type Service struct {
	cloud     *core.Cloud
	invoke    Invoke
	duplicate func(Execution) bool
	life      context.Context // executions end with it

	mu         sync.Mutex
	machines   map[string]*machine   // by ARN
	executions map[string]*execution // STANDARD ones, by ARN
	serial     int64                 // numbers executions in the order of their start
}

// New makes the service; executions that still run when life ends vanish.
func New(life context.Context, cloud *core.Cloud, o Options) *Service {
	return &Service{cloud: cloud, invoke: o.Invoke, duplicate: o.Duplicate, life: life,
		machines: map[string]*machine{}, executions: map[string]*execution{}}
}

// operation answers one operation of the API.
type operation func(s *Service, c *core.Call) (any, error)

// operations are the operations that are run, but for StartSyncExecution, which waits.
var operations = map[string]operation{
	"CreateStateMachine":               (*Service).createStateMachine,
	"UpdateStateMachine":               (*Service).updateStateMachine,
	"DeleteStateMachine":               (*Service).deleteStateMachine,
	"DescribeStateMachine":             (*Service).describeStateMachine,
	"DescribeStateMachineForExecution": (*Service).describeForExecution,
	"ListStateMachines":                (*Service).listStateMachines,
	"ValidateStateMachineDefinition":   (*Service).validateDefinition,
	"PublishStateMachineVersion":       (*Service).publishVersion,
	"DeleteStateMachineVersion":        (*Service).deleteVersion,
	"ListStateMachineVersions":         (*Service).listVersions,
	"CreateStateMachineAlias":          (*Service).createAlias,
	"UpdateStateMachineAlias":          (*Service).updateAlias,
	"DeleteStateMachineAlias":          (*Service).deleteAlias,
	"DescribeStateMachineAlias":        (*Service).describeAlias,
	"ListStateMachineAliases":          (*Service).listAliases,
	"StartExecution":                   (*Service).startExecution,
	"StopExecution":                    (*Service).stopExecution,
	"DescribeExecution":                (*Service).describeExecution,
	"ListExecutions":                   (*Service).listExecutions,
	"GetExecutionHistory":              (*Service).executionHistory,
	"TagResource":                      (*Service).tagResource,
	"UntagResource":                    (*Service).untagResource,
	"ListTagsForResource":              (*Service).listTags,
}

// Handle implements core.Service.
func (s *Service) Handle(ctx context.Context, c *core.Call) (*core.Reply, error) {
	var out any
	var err error
	switch op := operations[c.Operation]; {
	case op != nil:
		out, err = op(s, c)
	case c.Operation == "StartSyncExecution":
		out, err = s.startSync(ctx, c)
	default:
		return nil, core.NotRun("states", c.Operation)
	}
	if err != nil {
		return nil, err
	}
	if o, ok := out.(*object); ok {
		return &core.Reply{Body: appendJSON(nil, o)}, nil
	}
	return &core.Reply{Body: out}, nil
}

// invalid is the error of a request whose member breaks a rule of the API's model.
func invalid(value any, member, rule string) error {
	return core.Errorf("ValidationException", "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// tooLong is invalid for a text with more than limit characters.
func tooLong(text, member string, limit int) error {
	if len(text) <= limit {
		return nil
	}
	return invalid(text, member, fmt.Sprintf("Member must have length less than or equal to %d", limit))
}

// required is invalid for a member that is missing.
func required(text, member string) error {
	if text != "" {
		return nil
	}
	return core.Errorf("ValidationException", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// firstError is the first of errors that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

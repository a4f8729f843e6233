package pipes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

// definition is a checked AWS::Pipes::Pipe. It is immutable.
type definition struct {
	region, name, arn    string
	source, target, role string
	kind                 string // of the target: bus, sqs, lambda or states
	text                 string // the properties, to see whether an update changes anything
	filters              []*pattern.Pattern
	batch                int
	window               time.Duration
	maxRetries           int // -1: without end
	maxAge               time.Duration
	bisect               bool
	dlq                  string
	startLatest          bool
	template             *pattern.Template
	paths                map[string]*pattern.Path // of the template and of dynamic parameters
	params               targetParameters
}

type sourceParameters struct {
	FilterCriteria struct {
		Filters []struct{ Pattern string }
	}
	DynamoDBStreamParameters *streamParameters
}

type streamParameters struct {
	StartingPosition               string
	BatchSize                      *core.Int
	MaximumBatchingWindowInSeconds core.Int
	ParallelizationFactor          core.Int
	MaximumRetryAttempts           *core.Int
	MaximumRecordAgeInSeconds      *core.Int
	OnPartialBatchItemFailure      string
	DeadLetterConfig               struct{ Arn string }
}

type targetParameters struct {
	InputTemplate                 string
	EventBridgeEventBusParameters struct {
		Source, DetailType, Time, EndpointId string
		Resources                            []string
	}
	SqsQueueParameters                 struct{ MessageGroupId, MessageDeduplicationId string }
	LambdaFunctionParameters           invocation
	StepFunctionStateMachineParameters invocation
}

type invocation struct{ InvocationType string }

// Provision creates or updates AWS::Pipes::Pipe. A pipe that is updated goes on where it stood.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	d, desired, err := define(r)
	if err != nil {
		return core.Physical{}, err
	}
	if d.startLatest && s.ports.Latest == nil {
		return core.Physical{}, r.Errorf("the local cloud does not run StartingPosition LATEST")
	}
	s.mu.Lock()
	key := pipeKey{d.region, d.name}
	old, saved := s.pipes[key], s.saved[key]
	_, restored := s.saved[key]
	s.mu.Unlock()
	position := saved
	if d.startLatest && !restored && old == nil {
		position = s.ports.Latest(d.region, d.source)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := old
	if p == nil || p.text != d.text {
		p = &pipe{definition: *d, position: position}
		if old != nil {
			p.position, p.delivered = old.position, old.delivered
			s.stop(old)
		}
		s.pipes[key] = p
	}
	if desired == "STOPPED" {
		s.stop(p)
	} else {
		s.start(p)
	}
	return core.Physical{Ref: d.name, Attrs: map[string]any{"Arn": d.arn, "CurrentState": p.state()}}, nil
}

func define(r core.Resource) (*definition, string, error) {
	var in struct {
		Name, Source, Target, RoleArn, DesiredState string
		SourceParameters                            sourceParameters
		TargetParameters                            targetParameters
	}
	if err := r.Decode(&in, "Description", "Tags", "LogConfiguration", "KmsKeyIdentifier"); err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(r.Properties)
	if err != nil {
		return nil, "", r.Errorf("%v", err)
	}
	name := cmp.Or(in.Name, r.PhysicalName())
	d := &definition{region: r.Region, name: name, arn: pipeARN(r.Region, name), source: in.Source, target: in.Target,
		role: in.RoleArn, text: string(text), paths: map[string]*pattern.Path{}, params: in.TargetParameters}
	if in.RoleArn == "" {
		return nil, "", r.Errorf("RoleArn is required")
	}
	for _, step := range []func() error{
		func() error { return d.readFilters(in.SourceParameters) },
		func() error { return d.readSource(in.SourceParameters.DynamoDBStreamParameters) },
		d.readTarget,
	} {
		if err := step(); err != nil {
			return nil, "", r.Errorf("%v", err)
		}
	}
	return d, in.DesiredState, nil
}

// notInPipes are the operators that event buses have and Pipes does not, see
// docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
var notInPipes = map[string]bool{"wildcard": true, "anything-but/prefix": true, "anything-but/suffix": true,
	"anything-but/equals-ignore-case": true, "anything-but/wildcard": true}

func (d *definition) readFilters(in sourceParameters) error {
	for i, f := range in.FilterCriteria.Filters {
		at := fmt.Sprintf("SourceParameters/FilterCriteria/Filters/%d/Pattern", i)
		p, err := pattern.Compile([]byte(f.Pattern))
		var bad *pattern.Error
		if errors.As(err, &bad) {
			return fmt.Errorf("%s: %s", at, bad.Short())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		for _, op := range p.Operators() {
			if notInPipes[op] {
				return fmt.Errorf("%s: Pipes does not support %s", at, op)
			}
		}
		d.filters = append(d.filters, p)
	}
	if len(d.filters) > 5 {
		return errors.New("a pipe takes at most 5 filters")
	}
	return nil
}

func (d *definition) readSource(in *streamParameters) error {
	if in == nil || !strings.Contains(d.source, ":dynamodb:") || !strings.Contains(d.source, "/stream/") {
		return fmt.Errorf("the local cloud runs DynamoDB streams as the Source of a pipe, with DynamoDBStreamParameters, not %s", d.source)
	}
	d.startLatest = in.StartingPosition == "LATEST"
	if !d.startLatest && in.StartingPosition != "TRIM_HORIZON" {
		return fmt.Errorf("StartingPosition must be TRIM_HORIZON or LATEST, not %q", in.StartingPosition)
	}
	number := func(name string, v *core.Int, otherwise, low, high int64) (int64, error) {
		if v == nil {
			return otherwise, nil
		}
		if n := int64(*v); n < low || n > high {
			return 0, fmt.Errorf("%s must be between %d and %d, not %d", name, low, high, n)
		}
		return int64(*v), nil
	}
	batch, err1 := number("BatchSize", in.BatchSize, 100, 1, 10000)
	retries, err2 := number("MaximumRetryAttempts", in.MaximumRetryAttempts, -1, -1, 10000)
	age, err3 := number("MaximumRecordAgeInSeconds", in.MaximumRecordAgeInSeconds, -1, -1, 604800)
	window, err4 := number("MaximumBatchingWindowInSeconds", &in.MaximumBatchingWindowInSeconds, 0, 0, 300)
	_, err5 := number("ParallelizationFactor", &in.ParallelizationFactor, 1, 0, 10)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	d.batch, d.maxRetries = int(batch), int(retries)
	d.maxAge, d.window = time.Duration(age)*time.Second, time.Duration(window)*time.Second
	d.dlq = in.DeadLetterConfig.Arn
	if d.dlq != "" && !strings.Contains(d.dlq, ":sqs:") {
		return fmt.Errorf("the local cloud runs SQS queues as dead-letter queue of a pipe, not %s", d.dlq)
	}
	d.bisect = in.OnPartialBatchItemFailure == "AUTOMATIC_BISECT"
	if !d.bisect && in.OnPartialBatchItemFailure != "" {
		return fmt.Errorf("OnPartialBatchItemFailure must be AUTOMATIC_BISECT, not %q", in.OnPartialBatchItemFailure)
	}
	return nil
}

func (d *definition) readTarget() error {
	if d.kind = targetKind(d.target); d.kind == "" {
		return fmt.Errorf("the local cloud runs event buses, SQS queues, functions and state machines as the Target of a pipe, not %s", d.target)
	}
	if d.params.EventBridgeEventBusParameters.EndpointId != "" {
		return errors.New("the local cloud does not run the property EndpointId")
	}
	if d.params.InputTemplate != "" {
		var err error
		d.template, err = pattern.ParseTemplate(d.params.InputTemplate, d.known)
		if err != nil {
			return fmt.Errorf("TargetParameters/InputTemplate: %w", err)
		}
	}
	bus := d.params.EventBridgeEventBusParameters
	dynamic := append([]string{bus.Source, bus.DetailType, bus.Time, d.params.SqsQueueParameters.MessageGroupId,
		d.params.SqsQueueParameters.MessageDeduplicationId}, bus.Resources...)
	for _, text := range dynamic {
		if strings.HasPrefix(text, "$.") {
			if err := d.known(text); err != nil {
				return fmt.Errorf("TargetParameters: %w", err)
			}
		}
	}
	return nil
}

// targetKind is "" for a target that is not run.
func targetKind(arn string) string {
	switch {
	case strings.Contains(arn, ":event-bus/"):
		return "bus"
	case strings.Contains(arn, ":sqs:"):
		return "sqs"
	case strings.Contains(arn, ":lambda:"):
		return "lambda"
	case strings.Contains(arn, ":states:"):
		return "states"
	}
	return ""
}

// known accepts the reserved variables and paths, and compiles the paths.
func (d *definition) known(name string) error {
	switch name {
	case "aws.pipes.pipe-arn", "aws.pipes.pipe-name", "aws.pipes.source-arn", "aws.pipes.enrichment-arn", "aws.pipes.target-arn",
		"aws.pipes.event.ingestion-time", "aws.pipes.event", "aws.pipes.event.json":
		return nil
	}
	p, err := pattern.ParsePath(name)
	if err != nil {
		return fmt.Errorf("<%s> is neither a JSON path nor a reserved variable", name)
	}
	d.paths[name] = p
	return nil
}

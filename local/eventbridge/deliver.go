package eventbridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

// Failure is why a delivery did not succeed.
type Failure struct {
	Code    string // goes into the dead letter's ERROR_CODE, e.g. "NO_PERMISSIONS"
	Message string
	Retry   bool // whether trying again may help
}

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Classify judges an error of a target as EventBridge does: missing permissions and missing
// resources are final; throttling, time-outs and server errors may pass. See
// docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html
func Classify(err error) *Failure {
	var f *Failure
	var e *core.Error
	switch {
	case errors.As(err, &f):
		return f
	case !errors.As(err, &e):
		return &Failure{Code: "INTERNAL_ERROR", Message: err.Error(), Retry: true}
	case strings.Contains(e.Code, "AccessDenied"):
		return &Failure{Code: "NO_PERMISSIONS", Message: e.Message}
	case strings.Contains(e.Code, "NotFound") || strings.Contains(e.Code, "DoesNotExist") || strings.Contains(e.Code, "NonExistent"):
		return &Failure{Code: "NO_RESOURCE", Message: e.Message}
	case strings.Contains(e.Code, "Throttl") || strings.Contains(e.Code, "TooManyRequests") || e.Status == 429:
		return &Failure{Code: "THROTTLING", Message: e.Message, Retry: true}
	case e.Status >= 500 && e.Code != "UnsupportedOperationException":
		return &Failure{Code: "ERROR_FROM_TARGET", Message: e.Error(), Retry: true}
	}
	return &Failure{Code: "SDK_CLIENT_ERROR", Message: e.Error()}
}

// job is one event for one target.
type job struct {
	rule   *rule
	target *target
	event  *event
}

// deliverAll starts a task for each target of a rule.
func (s *Service) deliverAll(r *rule, e *event) {
	ctx := core.WithRegion(s.base, r.region)
	for _, t := range r.targets {
		if e.forwarded && isBus(t.ARN) {
			continue // not sent on to a third bus
		}
		j := job{r, t, e}
		s.cloud.Go(ctx, "rule/"+r.name+"/"+t.ID, func(ctx context.Context) { s.run(ctx, j) })
	}
}

// stopped reports that the task must end without a further effect.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, core.ErrRegionLost)
}

// run tries until the delivery succeeds, will never succeed, or its retries are used up.
func (s *Service) run(ctx context.Context, j job) {
	start := s.cloud.Now()
	maxRetries, maxAge := j.target.limits()
	deadline := start.Add(time.Duration(maxAge) * time.Second)
	for retries := 0; ; retries++ {
		if s.cloud.Point(ctx, "") != nil {
			return
		}
		err := s.send(ctx, j)
		if err == nil || stopped(ctx, err) {
			return
		}
		failure, condition := Classify(err), ""
		left := deadline.Sub(s.cloud.Now())
		switch {
		case !failure.Retry:
		case retries >= maxRetries:
			condition = "MaximumRetryAttempts"
		case left <= 0:
			condition = "MaximumEventAgeInSeconds"
		default:
			if s.cloud.Sleep(ctx, min(s.backoff(retries), left)) != nil {
				return
			}
			continue
		}
		s.giveUp(ctx, j, failure, condition, retries)
		return
	}
}

const maxBackoff = 10 * time.Minute

// backoff doubles from a second to ten minutes, half of it jitter: 185 tries fill 24 hours.
func (s *Service) backoff(retries int) time.Duration {
	d := maxBackoff
	if retries < 10 {
		d = min(d, time.Second<<retries)
	}
	return d/2 + time.Duration(s.cloud.Rand.Float64()*float64(d/2))
}

func (s *Service) send(ctx context.Context, j job) error {
	body, err := j.target.input(j.event, j.rule)
	if err != nil {
		return inputFailure(err)
	}
	d := Delivery{Region: j.rule.region, TargetARN: j.target.ARN, Principal: j.principal(), SourceARN: j.rule.arn, Body: body}
	if p := j.target.SqsParameters; p != nil {
		d.MessageGroupID = p.MessageGroupID
	}
	if err := s.once(ctx, j, d); err != nil {
		return err
	}
	if s.ports.Duplicate != nil && s.ports.Duplicate(d) {
		return s.once(ctx, j, d)
	}
	return nil
}

func (s *Service) once(ctx context.Context, j job, d Delivery) error {
	if isBus(d.TargetARN) {
		return s.sendToBus(j, d)
	}
	return s.ports.Deliver(ctx, d)
}

func (j job) principal() core.Principal {
	if j.target.RoleARN != "" {
		return core.Principal{RoleARN: j.target.RoleARN, Via: "rule " + j.rule.name, Region: j.rule.region}
	}
	return service(j.rule.region)
}

func service(region string) core.Principal {
	return core.Principal{Service: "events.amazonaws.com", Region: region}
}

// sendToBus puts the event on another bus, of another region too.
func (s *Service) sendToBus(j job, d Delivery) error {
	region := arnRegion(d.TargetARN)
	if !s.cloud.Faults.Linked(d.Region, region) {
		return core.ErrUnreachable
	}
	if j.target.RoleARN != "" {
		if err := s.cloud.Authorize(d.Region, d.Principal, "events:PutEvents", d.TargetARN); err != nil {
			return err
		}
	}
	b := s.bus(region, busName(d.TargetARN))
	if b == nil {
		return noBus(busName(d.TargetARN))
	}
	next, err := s.forward(j.event, region != d.Region)
	if err != nil {
		return inputFailure(err)
	}
	s.accept(b, next)
	return nil
}

// forward is the event as the other bus sees it.
func (s *Service) forward(e *event, abroad bool) (*event, error) {
	next := *e
	next.forwarded, next.received, next.replayTo = true, s.cloud.Now(), nil
	if abroad {
		old := `"id":` + e.parsed.Root().Field("id").JSON()
		next.raw = bytes.Replace(e.raw, []byte(old), []byte(`"id":"`+s.cloud.Rand.UUID()+`"`), 1)
		parsed, err := pattern.ParseEvent(next.raw)
		if err != nil {
			return nil, err
		}
		next.parsed = parsed
	}
	return &next, nil
}

// giveUp sends the event to the dead-letter queue, or drops it.
func (s *Service) giveUp(ctx context.Context, j job, f *Failure, condition string, retries int) {
	what := fmt.Sprintf("target %s of rule %s: %s after %d retries", j.target.ARN, j.rule.name, f, retries)
	entry := core.Entry{Region: j.rule.region, Kind: core.KindDropped, Subject: j.rule.arn, Detail: what, Data: json.RawMessage(j.event.raw)}
	if dlq := j.target.DeadLetterConfig; dlq != nil && dlq.ARN != "" {
		attributes := map[string]string{"RULE_ARN": j.rule.arn, "TARGET_ARN": j.target.ARN, "ERROR_CODE": f.Code,
			"ERROR_MESSAGE": f.Message, "RETRY_ATTEMPTS": strconv.Itoa(retries)}
		if condition != "" {
			attributes["EXHAUSTED_RETRY_CONDITION"] = condition
		}
		err := s.ports.Deliver(ctx, Delivery{Region: j.rule.region, TargetARN: dlq.ARN, Principal: service(j.rule.region),
			SourceARN: j.rule.arn, Body: j.event.raw, Attributes: attributes})
		if stopped(ctx, err) {
			return
		}
		if err == nil {
			entry.Kind, entry.Subject = core.KindDeadLetter, dlq.ARN
		} else {
			entry.Detail += "; its dead-letter queue refused it: " + err.Error()
		}
	}
	s.cloud.Journal.Add(entry)
}

package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"twofold/local/core"
)

// retryDelays are the waits after the first and second function error of an asynchronous
// invocation (docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html).
var retryDelays = [...]time.Duration{time.Minute, 2 * time.Minute}

// Throttles and system errors are retried with a wait that doubles between these.
const (
	firstBackoff = time.Second
	lastBackoff  = 5 * time.Minute
)

// event is an asynchronous invocation on its way.
type event struct {
	target target
	in     Invocation
	queued time.Time
	tries  int
	last   Result
	tick   bool // of a schedule that comes again
}

// queue starts the task that sees an asynchronous invocation through.
func (s *Service) queue(caller context.Context, t target, in Invocation) {
	e := &event{target: t, in: in, queued: s.Cloud.Now(), tick: core.OfTick(caller)}
	ctx := core.WithRegion(s.Context, t.fn.region)
	s.Cloud.Go(ctx, "lambda/async/"+t.fn.name, func(ctx context.Context) { s.seeThrough(ctx, e) })
}

// seeThrough runs an event until it succeeds, its retries are used up or it is too old.
func (s *Service) seeThrough(ctx context.Context, e *event) {
	failures, backoff := 0, firstBackoff
	for {
		c := s.invokeConfig(e.target)
		err := s.attempt(ctx, e)
		wait := backoff
		switch {
		case ended(ctx, err):
			return
		case err != nil:
			backoff = min(2*backoff, lastBackoff)
		case e.last.FunctionError == "":
			s.report(ctx, e, c.onSuccess, "Success")
			return
		case failures >= c.retries:
			s.giveUp(ctx, e, c, "RetriesExhausted")
			return
		default:
			wait = retryDelays[min(failures, len(retryDelays)-1)]
			failures++
		}
		if s.Cloud.Now().Add(wait).Sub(e.queued) > c.maxAge {
			s.giveUp(ctx, e, c, "EventAgeExceeded")
			return
		}
		if s.Cloud.Sleep(ctx, wait) != nil {
			return
		}
	}
}

// ended reports whether a task must return: its region is gone or the cloud is stopping.
func ended(ctx context.Context, err error) bool {
	return errors.Is(err, core.ErrRegionLost) || ctx.Err() != nil
}

// attempt resolves again, so that a retry meets what the alias names by then.
func (s *Service) attempt(ctx context.Context, e *event) error {
	t, err := s.resolve(e.target.fn.region, e.target.invokedARN, "")
	if err != nil {
		return err
	}
	res, err := s.executeAs(ctx, t, e.in)
	if err == nil {
		e.last, e.target = res, t
		e.tries++
	}
	return err
}

// executeAs runs an invocation that Lambda itself makes, past the faults as every call.
func (s *Service) executeAs(ctx context.Context, t target, in Invocation) (Result, error) {
	call := &core.Call{Region: t.fn.region, Service: "lambda", Method: "POST", Body: in.Payload,
		Path: "/2015-03-31/functions/" + t.invokedARN + "/invocations", Principal: core.Principal{Service: "lambda.amazonaws.com", Via: t.fn.name}}
	return s.through(ctx, call, func(ctx context.Context) (Result, error) { return s.execute(ctx, t, in) })
}

// giveUp sends a failed event to its on-failure destination and its dead-letter queue, and
// journals where it went.
func (s *Service) giveUp(ctx context.Context, e *event, c invokeConfig, condition string) {
	kept := s.report(ctx, e, c.onFailure, condition)
	if queue := e.target.version.DeadLetter; queue != "" {
		attributes := map[string]string{"RequestID": e.in.RequestID, "ErrorCode": strconv.Itoa(e.last.StatusCode), "ErrorMessage": errorMessage(e.last.Payload)}
		kept = s.deliver(ctx, e, queue, e.in.Payload, attributes) || kept
	}
	if !kept {
		kind := core.KindDropped
		if e.tick {
			kind = core.KindMissedTick
		}
		s.Cloud.Journal.Add(core.Entry{Region: e.target.fn.region, Kind: kind, Subject: e.target.fn.name,
			Detail: "asynchronous event given up: " + condition})
	}
}

func errorMessage(payload []byte) string {
	var e struct{ ErrorMessage string }
	if json.Unmarshal(payload, &e) != nil || e.ErrorMessage == "" {
		return "unknown"
	}
	return e.ErrorMessage
}

// report sends an invocation record to a destination, if there is one.
func (s *Service) report(ctx context.Context, e *event, destination, condition string) bool {
	if destination == "" {
		return false
	}
	record := map[string]any{"version": "1.0", "timestamp": s.Cloud.Now().Format("2006-01-02T15:04:05.000Z"),
		"requestContext": map[string]any{"requestId": e.in.RequestID, "functionArn": e.target.version.FunctionARN + ":" + e.target.version.Number,
			"condition": condition, "approximateInvokeCount": e.tries},
		"requestPayload": json.RawMessage(e.in.Payload)}
	if e.tries > 0 {
		response := map[string]any{"statusCode": e.last.StatusCode, "executedVersion": e.last.ExecutedVersion}
		if e.last.FunctionError != "" {
			response["functionError"] = e.last.FunctionError
		}
		record["responseContext"] = response
		if json.Valid(e.last.Payload) {
			record["responsePayload"] = json.RawMessage(e.last.Payload)
		}
	}
	if condition == "Success" {
		return s.put(ctx, e, destination, encode(record), nil) == nil
	}
	return s.deliver(ctx, e, destination, encode(record), nil)
}

// deliver puts a failed event somewhere and journals it as a dead letter.
func (s *Service) deliver(ctx context.Context, e *event, to string, body []byte, attributes map[string]string) bool {
	if err := s.put(ctx, e, to, body, attributes); err != nil {
		return false
	}
	s.Cloud.Journal.Add(core.Entry{Region: e.target.fn.region, Kind: core.KindDeadLetter, Subject: core.NameOf(to),
		Detail: "asynchronous event of " + e.target.fn.name + " given up"})
	return true
}

func (s *Service) put(ctx context.Context, e *event, to string, body []byte, attributes map[string]string) error {
	err := errors.New("no port for destinations")
	if s.Deliver != nil {
		err = s.Deliver(ctx, e.target.fn.region, to, body, attributes, e.target.version.Principal)
	}
	if err != nil {
		s.Cloud.Journal.Add(core.Entry{Region: e.target.fn.region, Kind: core.KindInternal, Subject: e.target.fn.name,
			Detail: "could not deliver to " + to + ": " + err.Error()})
	}
	return err
}

package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// unitInvocation is one invocation of a target, however often it is retried.
const unitInvocation core.Unit = "scheduler:Invocation"

// Failure is why a delivery did not succeed.
type Failure struct {
	Code    string // goes into the dead letter's ERROR_CODE
	Message string
	Retry   bool // whether trying again may help
}

func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Classify judges an error of a target: throttling and server errors may pass, others will not.
func Classify(err error) *Failure {
	var f *Failure
	var e *core.Error
	switch {
	case errors.As(err, &f):
		return f
	case !errors.As(err, &e):
		return &Failure{Code: "InternalError", Message: err.Error(), Retry: true}
	}
	passing := e.Status == 429 || (e.Status >= 500 && e.Code != "UnsupportedOperationException") ||
		strings.Contains(e.Code, "Throttl") || strings.Contains(e.Code, "TooManyRequests")
	return &Failure{Code: e.Code, Message: e.Message, Retry: passing}
}

// stopped reports that the task must end without a further effect.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, core.ErrRegionLost)
}

const timeFormat = "2006-01-02T15:04:05Z"

// invoke starts the task of one occurrence.
func (s *Service) invoke(sc *schedule, at time.Time) {
	s.cloud.Meter.Add(sc.region, unitInvocation, 1)
	execution := s.cloud.Rand.UUID()
	ctx := core.WithRegion(s.base, sc.region)
	if sc.recurs() {
		ctx = core.WithTick(ctx)
	}
	s.cloud.Go(ctx, "schedule/"+sc.Name+"/invocation", func(ctx context.Context) {
		s.run(ctx, sc, at, execution)
	})
}

// run tries until the delivery succeeds, will never succeed, or its retries are used up.
func (s *Service) run(ctx context.Context, sc *schedule, at time.Time, execution string) {
	maxRetries, maxAge := sc.limits()
	deadline := s.cloud.Now().Add(maxAge)
	for retries := 0; ; retries++ {
		if s.cloud.Point(ctx, "") != nil {
			return
		}
		d := sc.delivery(at, execution, retries+1)
		err := s.options.Deliver(ctx, d)
		if err == nil && s.options.Duplicate != nil && s.options.Duplicate(d) {
			err = s.options.Deliver(ctx, d)
		}
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
		s.giveUp(ctx, sc, d, failure, map[string]string{"EXECUTION_ID": execution, "SCHEDULED_TIME": at.Format(timeFormat),
			"RETRY_ATTEMPTS": strconv.Itoa(retries), "EXHAUSTED_RETRY_CONDITION": condition})
		return
	}
}

func (sc *schedule) limits() (retries int, age time.Duration) {
	retries, age = 185, 24*time.Hour
	if n := sc.Target.RetryPolicy.MaximumRetryAttempts; n != nil {
		retries = int(*n)
	}
	if n := sc.Target.RetryPolicy.MaximumEventAgeInSeconds; n != nil {
		age = time.Duration(*n) * time.Second
	}
	return retries, age
}

// backoff doubles from a second to ten minutes, half of it jitter.
func (s *Service) backoff(retries int) time.Duration {
	d := 10 * time.Minute
	if retries < 10 {
		d = min(d, time.Second<<retries)
	}
	return d/2 + time.Duration(s.cloud.Rand.Float64()*float64(d/2))
}

// delivery makes what the target gets. Input may use the context attributes of
// docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
func (sc *schedule) delivery(at time.Time, execution string, attempt int) Delivery {
	d := Delivery{Region: sc.region, TargetARN: sc.Target.Arn, SourceARN: sc.arn,
		Principal: core.Principal{RoleARN: sc.Target.RoleArn, Via: "schedule " + sc.Name, Region: sc.region}}
	if p := sc.Target.SqsParameters; p != nil {
		d.MessageGroupID = p.MessageGroupId
	}
	if p := sc.Target.EventBridgeParameters; p != nil {
		d.Source, d.DetailType = p.Source, p.DetailType
	}
	if sc.Target.Input == "" {
		d.Body = sc.notification(at, execution)
		return d
	}
	d.Body = []byte(attributes(sc.arn, at.Format(timeFormat), execution, strconv.Itoa(attempt)).Replace(sc.Target.Input))
	return d
}

// attributes replaces the context attributes by their values.
func attributes(arn, at, execution, attempt string) *strings.Replacer {
	return strings.NewReplacer("<aws.scheduler.schedule-arn>", arn, "<aws.scheduler.scheduled-time>", at,
		"<aws.scheduler.execution-id>", execution, "<aws.scheduler.attempt-number>", attempt)
}

// notification is what a target without Input gets.
func (sc *schedule) notification(at time.Time, execution string) []byte {
	body, err := json.Marshal(map[string]any{"version": "0", "id": execution, "detail-type": "Scheduled Event", "source": "aws.scheduler",
		"account": core.AccountID, "time": at.Format(timeFormat), "region": sc.region, "resources": []string{sc.arn}, "detail": "{}"})
	if err != nil {
		return []byte("{}") // strings always encode
	}
	return body
}

// recurs reports whether there is more than one occurrence.
func (sc *schedule) recurs() bool {
	_, at := sc.expr.(once)
	return !at
}

// lost is what becomes of an occurrence that was given up.
func lost(ctx context.Context) core.Kind {
	if core.OfTick(ctx) {
		return core.KindMissedTick
	}
	return core.KindDropped
}

// giveUp sends the input to the dead-letter queue, or drops it.
func (s *Service) giveUp(ctx context.Context, sc *schedule, d Delivery, f *Failure, attributes map[string]string) {
	if attributes["EXHAUSTED_RETRY_CONDITION"] == "" {
		delete(attributes, "EXHAUSTED_RETRY_CONDITION")
	}
	entry := core.Entry{Region: sc.region, Kind: lost(ctx), Subject: sc.arn,
		Detail: fmt.Sprintf("target %s: %s after %s retries", sc.Target.Arn, f, attributes["RETRY_ATTEMPTS"])}
	if dlq := sc.Target.DeadLetterConfig.Arn; dlq != "" {
		attributes["SCHEDULE_ARN"], attributes["TARGET_ARN"] = sc.arn, sc.Target.Arn
		attributes["ERROR_CODE"], attributes["ERROR_MESSAGE"] = f.Code, f.Message
		attributes["IS_PAYLOAD_TRUNCATED"] = "false"
		d.TargetARN, d.Attributes, d.MessageGroupID = dlq, attributes, ""
		err := s.options.Deliver(ctx, d)
		if stopped(ctx, err) {
			return
		}
		if err == nil {
			entry.Kind, entry.Subject = core.KindDeadLetter, dlq
		} else {
			entry.Detail += "; its dead-letter queue refused it: " + err.Error()
		}
	}
	s.cloud.Journal.Add(entry)
}

package world

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/pattern"
	"twofold/local/pipes"
	"twofold/local/scheduler"
	"twofold/local/states"
)

func (w *World) lambdaConfig() lambda.Config {
	return lambda.Config{
		Cloud: w.cloud, Context: w.ctx, Runner: w.svc.runner, Observe: w.observeFunction,
		Queues: lambda.Queues{Receive: w.receive, Delete: w.forget},
		Deliver: func(ctx context.Context, region, target string, body []byte, attrs map[string]string, as core.Principal) error {
			return w.deliver(ctx, delivery{region: region, target: target, as: as, body: body, attributes: attrs})
		},
		Filter: filter,
	}
}

// filter compiles a filter of an event source mapping.
func filter(p json.RawMessage) (func(record []byte) (bool, error), error) {
	compiled, err := pattern.Compile(p)
	if err != nil {
		return nil, err
	}
	return compiled.MatchJSON, nil
}

// receive is SQS as an event source mapping sees it.
func (w *World) receive(ctx context.Context, region, queue string, most int, wait time.Duration, as core.Principal) ([]lambda.QueueMessage, error) {
	messages, err := w.svc.sqs.Receive(ctx, region, queue, most, wait, as)
	out := make([]lambda.QueueMessage, len(messages))
	for i, m := range messages {
		out[i] = lambda.QueueMessage{MessageID: m.MessageId, ReceiptHandle: m.ReceiptHandle, Body: m.Body, MD5OfBody: m.MD5OfBody, MD5OfAttributes: m.MD5OfMessageAttributes, Attributes: m.Attributes}
		if len(m.MessageAttributes) > 0 {
			out[i].MessageAttributes = make(map[string]lambda.QueueAttribute, len(m.MessageAttributes))
			for k, a := range m.MessageAttributes {
				out[i].MessageAttributes[k] = lambda.QueueAttribute(a)
			}
		}
	}
	return out, err
}

// forget deletes messages from a queue; now and then one of them stays, as a standard queue warns of
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html).
func (w *World) forget(ctx context.Context, region, queue string, receipts []string, as core.Principal) error {
	if r := w.weather.rates.Load(); r != nil {
		receipts = slices.DeleteFunc(slices.Clone(receipts), func(string) bool { return w.weather.hits(r.Redelivered, "message", "redelivered") })
	}
	return w.svc.sqs.Delete(ctx, region, queue, receipts, as)
}

func (w *World) invokeForStates(ctx context.Context, in states.InvokeRequest) (states.InvokeResult, error) {
	res, err := w.svc.lambda.Invoke(ctx, in.Region, in.FunctionName, in.Qualifier, in.Principal, lambda.RequestResponse, in.Payload)
	return states.InvokeResult{Payload: res.Payload, FunctionError: res.FunctionError, ExecutedVersion: res.ExecutedVersion}, err
}

// invokeForSecrets runs a step of a rotation.
func (w *World) invokeForSecrets(ctx context.Context, region, function string, as core.Principal, event []byte) error {
	res, err := w.svc.lambda.Invoke(ctx, region, function, "", as, lambda.RequestResponse, event)
	if err == nil && res.FunctionError != "" {
		err = fmt.Errorf("%s: %s", res.FunctionError, res.Payload)
	}
	return err
}

func (w *World) pipePorts() pipes.Ports {
	return pipes.Ports{
		ReadStream: func(ctx context.Context, region, stream string, after uint64, limit int) ([]pipes.Record, error) {
			records, err := w.svc.dynamodb.ReadStream(ctx, region, stream, after, limit)
			out := make([]pipes.Record, len(records))
			for i, r := range records {
				out[i] = pipes.Record(r)
			}
			return out, err
		},
		PutEvents: func(ctx context.Context, region, bus string, as core.Principal, entries []pipes.Entry) (failed []pipes.FailedEntry, err error) {
			err = w.again(ctx, "stream batch", func(r *FaultRates) float64 { return r.Repeated }, func(ctx context.Context) (err error) {
				failed, err = w.putEvents(ctx, region, bus, as, entries)
				return err
			})
			return failed, err
		},
		Send: func(ctx context.Context, d pipes.Delivery) ([]byte, error) {
			return nil, w.deliver(ctx, delivery{region: d.Region, target: d.TargetARN, as: d.Principal, source: d.SourceARN, body: d.Body})
		},
	}
}

// putEvents is the bus as a pipe sees it.
func (w *World) putEvents(ctx context.Context, region, bus string, as core.Principal, entries []pipes.Entry) ([]pipes.FailedEntry, error) {
	reply, err := w.cloud.Do(ctx, &core.Call{Region: region, Service: "events", Operation: "PutEvents", Body: putEventsBody(bus, entries), Principal: as})
	if err != nil {
		return nil, err
	}
	_, _, raw := core.Encode(reply, nil)
	var answer struct {
		FailedEntryCount int
		Entries          []struct{ ErrorCode, ErrorMessage string }
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, err
	}
	var failed []pipes.FailedEntry
	for i, e := range answer.Entries {
		if e.ErrorCode != "" {
			failed = append(failed, pipes.FailedEntry{Index: i, Code: e.ErrorCode, Message: e.ErrorMessage})
		}
	}
	return failed, nil
}

func putEventsBody(bus string, entries []pipes.Entry) []byte {
	type entry struct {
		Source, DetailType, Detail, EventBusName string
		Resources                                []string `json:",omitempty"`
		Time                                     int64    `json:",omitempty"`
	}
	var in struct{ Entries []entry }
	for _, e := range entries {
		out := entry{Source: e.Source, DetailType: e.DetailType, Detail: string(e.Detail), EventBusName: bus, Resources: e.Resources}
		if !e.Time.IsZero() {
			out.Time = e.Time.Unix()
		}
		in.Entries = append(in.Entries, out)
	}
	body, err := json.Marshal(in)
	if err != nil {
		panic(fmt.Sprintf("strings and numbers always encode: %v", err))
	}
	return body
}

func (w *World) schedulerOptions() scheduler.Options {
	return scheduler.Options{Speed: w.opts.Speed, Deliver: func(ctx context.Context, d scheduler.Delivery) error {
		if service := strings.Split(d.TargetARN, ":")[2]; service == "events" {
			_, err := w.putEvents(ctx, d.Region, d.TargetARN, d.Principal, []pipes.Entry{{Source: d.Source, DetailType: d.DetailType, Detail: d.Body}})
			return err
		}
		return w.deliver(ctx, delivery{region: d.Region, target: d.TargetARN, as: d.Principal, source: d.SourceARN, body: d.Body, attributes: d.Attributes})
	}}
}

package pipes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

// maxEntries is how many entries one PutEvents call takes.
const maxEntries = 10

// send delivers items in order. It answers how many of the first are delivered, and why the next
// is not.
func (s *Service) send(ctx context.Context, p *pipe, items []item) (int, error) {
	switch p.kind {
	case "bus":
		return s.sendToBus(ctx, p, items)
	case "sqs":
		return s.sendToQueue(ctx, p, items)
	}
	return s.invoke(ctx, p, items)
}

func (s *Service) twice(p *pipe) bool {
	return s.ports.Duplicate != nil && s.ports.Duplicate(p.region, p.name)
}

func (s *Service) sendToBus(ctx context.Context, p *pipe, items []item) (int, error) {
	for sent := 0; sent < len(items); {
		var entries []Entry
		var broken error
		for _, i := range items[sent:min(sent+maxEntries, len(items))] {
			e, err := s.entry(p, i)
			if err != nil {
				broken = err
				break
			}
			entries = append(entries, e)
		}
		n, err := s.putEvents(ctx, p, entries)
		if err == nil && s.twice(p) {
			n, err = s.putEvents(ctx, p, entries)
		}
		if sent += n; err != nil {
			return sent, err
		}
		if broken != nil {
			return sent, broken
		}
	}
	return len(items), nil
}

// putEvents answers how many entries stand before the first that the bus refused.
func (s *Service) putEvents(ctx context.Context, p *pipe, entries []Entry) (int, error) {
	if len(entries) == 0 {
		return 0, nil
	}
	failed, err := s.ports.PutEvents(ctx, p.region, p.target, p.principal(), entries)
	if err != nil {
		return 0, err
	}
	n := len(entries)
	for _, f := range failed {
		if f.Index < n {
			n, err = f.Index, fmt.Errorf("the bus refused an entry: %s: %s", f.Code, f.Message)
		}
	}
	return n, err
}

// entry makes the event of a record. Without parameters the source is "Pipe <name>" and the type
// "Event from aws:dynamodb", as in AWS.
func (s *Service) entry(p *pipe, i item) (Entry, error) {
	detail, err := s.body(p, i)
	if err != nil {
		return Entry{}, err
	}
	params := p.params.EventBridgeEventBusParameters
	e := Entry{Detail: detail}
	if e.Source, err = p.param(params.Source, "Pipe "+p.name, i); err != nil {
		return Entry{}, err
	}
	if e.DetailType, err = p.param(params.DetailType, "Event from aws:dynamodb", i); err != nil {
		return Entry{}, err
	}
	for _, text := range params.Resources {
		r, err := p.param(text, "", i)
		if err != nil {
			return Entry{}, err
		}
		e.Resources = append(e.Resources, r)
	}
	if params.Time == "" {
		return e, nil
	}
	at, err := p.param(params.Time, "", i)
	if err != nil {
		return Entry{}, err
	}
	if e.Time, err = time.Parse(time.RFC3339, at); err != nil {
		return Entry{}, fmt.Errorf("the parameter Time gives %q, which is not an RFC 3339 time", at)
	}
	return e, nil
}

// param is a target parameter: a constant, or a JSON path into the record.
func (p *pipe) param(text, otherwise string, i item) (string, error) {
	if text == "" {
		return otherwise, nil
	}
	path := p.paths[text]
	if path == nil {
		return text, nil
	}
	v := path.Find(i.event.Root())
	if v == nil {
		return "", fmt.Errorf("the record has nothing at %s", text)
	}
	return v.Text(), nil
}

// body is a record as the target gets it.
func (s *Service) body(p *pipe, i item) ([]byte, error) {
	if p.template == nil {
		return i.raw, nil
	}
	return p.template.Render(func(name string) *pattern.Value {
		if path := p.paths[name]; path != nil {
			return path.Find(i.event.Root())
		}
		switch name {
		case "aws.pipes.pipe-arn":
			return pattern.StringValue(p.arn)
		case "aws.pipes.pipe-name":
			return pattern.StringValue(p.name)
		case "aws.pipes.source-arn":
			return pattern.StringValue(p.source)
		case "aws.pipes.target-arn":
			return pattern.StringValue(p.target)
		case "aws.pipes.event.ingestion-time":
			return pattern.StringValue(s.cloud.Now().Format("2006-01-02T15:04:05.000Z"))
		case "aws.pipes.event", "aws.pipes.event.json":
			return i.event.Root()
		}
		return nil
	})
}

func (s *Service) delivery(p *pipe, body []byte) Delivery {
	return Delivery{Region: p.region, TargetARN: p.target, Principal: p.principal(), SourceARN: p.arn, Body: body}
}

func (s *Service) sendToQueue(ctx context.Context, p *pipe, items []item) (int, error) {
	for n, i := range items {
		body, err := s.body(p, i)
		if err != nil {
			return n, err
		}
		d := s.delivery(p, body)
		if d.MessageGroupID, err = p.param(p.params.SqsQueueParameters.MessageGroupId, "", i); err != nil {
			return n, err
		}
		if d.DeduplicationID, err = p.param(p.params.SqsQueueParameters.MessageDeduplicationId, "", i); err != nil {
			return n, err
		}
		if _, err = s.ports.Send(ctx, d); err == nil && s.twice(p) {
			_, err = s.ports.Send(ctx, d)
		}
		if err != nil {
			return n, err
		}
	}
	return len(items), nil
}

// invoke sends a batch as an array. A function may name the records that it could not process.
func (s *Service) invoke(ctx context.Context, p *pipe, items []item) (int, error) {
	bodies := make([][]byte, 0, len(items))
	for _, i := range items {
		body, err := s.body(p, i)
		if err != nil {
			return 0, err
		}
		bodies = append(bodies, body)
	}
	d := s.delivery(p, append(append([]byte{'['}, bytes.Join(bodies, []byte{','})...), ']'))
	kind := p.params.LambdaFunctionParameters.InvocationType
	if p.kind == "states" {
		kind = p.params.StepFunctionStateMachineParameters.InvocationType
	}
	d.Async = kind == "FIRE_AND_FORGET"
	answer, err := s.ports.Send(ctx, d)
	if err == nil && s.twice(p) {
		answer, err = s.ports.Send(ctx, d)
	}
	if err != nil {
		return 0, err
	}
	if d.Async {
		return len(items), nil
	}
	return firstFailure(answer, items)
}

// firstFailure reads {"batchItemFailures": [{"itemIdentifier": "<sequence number>"}]}.
func firstFailure(answer []byte, items []item) (int, error) {
	var reply struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if json.Unmarshal(answer, &reply) != nil || len(reply.BatchItemFailures) == 0 {
		return len(items), nil // any other answer is success
	}
	for n, i := range items {
		for _, f := range reply.BatchItemFailures {
			if f.ItemIdentifier == i.number {
				return n, fmt.Errorf("the function could not process record %s", i.number)
			}
		}
	}
	return 0, fmt.Errorf("the function names a record that it was not given: %q", reply.BatchItemFailures[0].ItemIdentifier)
}

// deadLetter gives items up: their position goes to the dead-letter queue, and the pipe goes on
// behind them. The error says that the task must end.
func (s *Service) deadLetter(ctx context.Context, p *pipe, items []item, condition string, cause error) error {
	first, last := items[0], items[len(items)-1]
	entry := core.Entry{Region: p.region, Kind: core.KindDropped, Subject: p.arn,
		Detail: fmt.Sprintf("%d records from %s to %s: %s: %v", len(items), first.number, last.number, condition, cause)}
	if p.dlq != "" {
		d := s.delivery(p, letter(p, items, condition, s.cloud.Now()))
		d.TargetARN = p.dlq
		_, err := s.ports.Send(ctx, d)
		if stopped(ctx, err) {
			return cmpError(ctx, err)
		}
		if err == nil {
			entry.Kind, entry.Subject = core.KindDeadLetter, p.dlq
		} else {
			entry.Detail += "; the dead-letter queue refused them: " + err.Error()
		}
	}
	s.cloud.Journal.Add(entry)
	s.done(p, last.seq, 0)
	return nil
}

// letter is the body of a dead letter: where in the stream the records stand, not the records.
func letter(p *pipe, items []item, condition string, now time.Time) []byte {
	first, last := items[0], items[len(items)-1]
	var b strings.Builder
	_ = json.NewEncoder(&b).Encode(map[string]any{ // strings and numbers always encode
		"context":   map[string]any{"partnerResourceArn": p.arn, "condition": condition},
		"version":   "1.0",
		"timestamp": now.Format("2006-01-02T15:04:05.000Z"),
		"DDBStreamBatchInfo": map[string]any{"shardId": "shardId-00000000000000000001-00000001",
			"startSequenceNumber": first.number, "endSequenceNumber": last.number,
			"approximateArrivalOfFirstRecord": first.at.Format(time.RFC3339), "approximateArrivalOfLastRecord": last.at.Format(time.RFC3339),
			"batchSize": len(items), "streamArn": p.source},
	})
	return []byte(strings.TrimSpace(b.String()))
}

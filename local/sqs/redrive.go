package sqs

import (
	"context"
	"time"

	"twofold/local/core"
)

// bury moves a message that was received too often to the dead-letter queue. It keeps its
// id and the time it was sent, so that retention counts from the first queue.
func (s *Service) bury(from *queue, m *message, now time.Time) {
	from.mu.Lock()
	target := ""
	if from.settings.redrive != nil {
		target = from.settings.redrive.target
	}
	from.mu.Unlock()
	entry := core.Entry{Region: from.region, Kind: core.KindDeadLetter, Subject: core.NameOf(target),
		Detail: "from " + from.name + ": received too often", Data: m.body}
	dlq := s.queue(target)
	if dlq == nil {
		entry.Kind, entry.Subject, entry.Detail = core.KindDropped, from.name, "the dead-letter queue "+target+" is gone"
		s.Cloud.Journal.Add(entry)
		return
	}
	s.Cloud.Journal.Add(entry)
	moved := m.fresh(now)
	moved.source = from.arn
	dlq.put(moved, now)
}

// fresh is m as a message that no consumer of its new queue has seen.
func (m *message) fresh(now time.Time) *message {
	return &message{id: m.id, body: m.body, bodyMD5: m.bodyMD5, sender: m.sender, attributes: m.attributes,
		attributesMD5: m.attributesMD5, trace: m.trace, source: m.source, sent: m.sent, visible: now}
}

// moveTask is a redrive of a dead-letter queue; the service's mutex guards it.
type moveTask struct {
	handle         string
	source, target *queue // target nil: to where each message came from
	rate           int    // messages a second; 0 is as fast as it goes
	status         string
	moved, total   int
	started        time.Time
	failure        string
}

func (s *Service) startMove(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		SourceArn, DestinationArn    string
		MaxNumberOfMessagesPerSecond int
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	source, err := s.openARN(call.Region, in.SourceArn, "sqs:StartMessageMoveTask", call.Principal)
	if err != nil {
		return nil, err
	}
	if len(s.sources(source)) == 0 {
		return nil, invalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.MaxNumberOfMessagesPerSecond < 0 || in.MaxNumberOfMessagesPerSecond > 500 {
		return nil, invalid("MaxNumberOfMessagesPerSecond must be between 1 and 500.")
	}
	t := &moveTask{source: source, rate: in.MaxNumberOfMessagesPerSecond, status: "RUNNING", started: s.Cloud.Now(), handle: s.Cloud.Rand.UUID()}
	if in.DestinationArn != "" {
		if t.target, err = s.openARN(call.Region, in.DestinationArn, "sqs:SendMessage", call.Principal); err != nil {
			return nil, err
		}
	}
	t.total, _, _ = source.depth(t.started)
	if err := s.addMove(t); err != nil {
		return nil, err
	}
	s.Cloud.Go(core.WithRegion(s.Context, call.Region), "sqs/move/"+source.name, func(ctx context.Context) { s.move(ctx, t) })
	return map[string]string{"TaskHandle": t.handle}, nil
}

func (s *Service) addMove(t *moveTask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.moves {
		if other.source == t.source && other.status == "RUNNING" {
			return invalid("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	s.moves = append(s.moves, t)
	return nil
}

// move takes the messages that were there at the start, one at a time.
func (s *Service) move(ctx context.Context, t *moveTask) {
	for {
		s.mu.Lock()
		done := t.status != "RUNNING"
		s.mu.Unlock()
		if done {
			return
		}
		if !s.moveOne(t) {
			return
		}
		var err error
		if t.rate > 0 {
			err = s.Cloud.Sleep(ctx, time.Second/time.Duration(t.rate))
		} else {
			err = s.Cloud.Point(ctx, "")
		}
		if err != nil {
			s.endMove(t, "CANCELLED", err.Error())
			return
		}
	}
}

func (s *Service) moveOne(t *moveTask) bool {
	now := s.Cloud.Now()
	m := t.source.takeOlder(now, t.started)
	if m == nil {
		s.endMove(t, "COMPLETED", "")
		return false
	}
	target := t.target
	if target == nil {
		target = s.queue(m.source)
	}
	if target == nil {
		t.source.put(m, now)
		s.endMove(t, "FAILED", "CouldNotDetermineMessageSource")
		return false
	}
	moved := m.fresh(now)
	moved.source, moved.sent = "", now
	target.put(moved, now)
	s.mu.Lock()
	t.moved++
	s.mu.Unlock()
	return true
}

// takeOlder takes the oldest visible message that was sent before the given time out of the queue.
func (q *queue) takeOlder(now, before time.Time) *message {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.surface(now)
	for len(q.ready) > 0 {
		if m := q.ready[0]; !m.gone && !q.expired(m, now) {
			if m.sent.After(before) {
				return nil
			}
			q.pop()
			delete(q.receipts, m.receipt)
			return m
		}
		q.forget(q.pop())
	}
	return nil
}

func (s *Service) endMove(t *moveTask, status, failure string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.status == "RUNNING" {
		t.status, t.failure = status, failure
	}
}

func (s *Service) listMoves(_ context.Context, call *core.Call) (any, error) {
	var in struct {
		SourceArn  string
		MaxResults int
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	source, err := s.openARN(call.Region, in.SourceArn, "sqs:ListMessageMoveTasks", call.Principal)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	results := []any{}
	for i := len(s.moves) - 1; i >= 0 && len(results) < max(1, min(in.MaxResults, 10)); i-- {
		if s.moves[i].source == source {
			results = append(results, s.moves[i].result())
		}
	}
	return map[string]any{"Results": results}, nil
}

func (t *moveTask) result() map[string]any {
	out := map[string]any{"Status": t.status, "SourceArn": t.source.arn, "StartedTimestamp": t.started.UnixMilli(),
		"ApproximateNumberOfMessagesMoved": t.moved, "ApproximateNumberOfMessagesToMove": t.total}
	if t.status == "RUNNING" {
		out["TaskHandle"] = t.handle
	}
	if t.target != nil {
		out["DestinationArn"] = t.target.arn
	}
	if t.rate > 0 {
		out["MaxNumberOfMessagesPerSecond"] = t.rate
	}
	if t.failure != "" {
		out["FailureReason"] = t.failure
	}
	return out
}

func (s *Service) cancelMove(_ context.Context, call *core.Call) (any, error) {
	var in struct{ TaskHandle string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	var found *moveTask
	for _, t := range s.moves {
		if t.handle == in.TaskHandle && t.source.region == call.Region && t.status == "RUNNING" {
			found = t
		}
	}
	s.mu.Unlock()
	if found == nil {
		return nil, core.Errorf("ResourceNotFoundException", "Task does not exist.")
	}
	if err := s.authorize(call.Region, call.Principal, "sqs:CancelMessageMoveTask", found.source.arn, found.source); err != nil {
		return nil, err
	}
	s.endMove(found, "CANCELLED", "")
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"ApproximateNumberOfMessagesMoved": found.moved}, nil
}

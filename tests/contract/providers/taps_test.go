//go:build pact

package providers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// taps are queues beside the consumers' own, in both regions: every rule delivers to them what it delivers to the consumer, filtered and
// transformed alike.
type taps struct {
	queues []tap
	got    map[string]map[string]json.RawMessage // the last message by consumer and type of event
}

// tap is one queue beside a consumer's.
type tap struct{ region, consumer, url string }

const prefix = "twofold-local-"

// consumerOf is the consumer behind a rule's target: the function of the queue's name, or a state machine.
func consumerOf(arn string) string {
	if _, machine, ok := strings.Cut(arn, ":stateMachine:"); ok {
		name, _, _ := strings.Cut(strings.TrimPrefix(machine, prefix), ":") // an alias may follow
		return name[:strings.LastIndex(name, "-")] + "-machine"             // the type ends a machine's name
	}
	return strings.TrimPrefix(arn[strings.LastIndex(arn, ":")+1:], prefix)
}

type target = map[string]any

// tapRules puts a tap beside every target of every rule of the buses.
func (s *shop) tapRules() error {
	return s.Do(context.Background(), "tap", func(ctx context.Context) error {
		for _, region := range s.Regions() {
			if err := s.tapBus(ctx, region); err != nil {
				return err
			}
		}
		if len(s.taps.queues) == 0 {
			return errors.New("no rule of the buses has a target")
		}
		return nil
	})
}

func (s *shop) tapBus(ctx context.Context, region string) error {
	bus := strings.TrimSuffix(prefix, "-")
	var rules struct{ Rules []struct{ Name string } }
	if err := s.do(ctx, region, "events", "ListRules", map[string]any{"EventBusName": bus}, &rules); err != nil {
		return err
	}
	for _, r := range rules.Rules {
		if err := s.tapRule(ctx, region, bus, r.Name); err != nil {
			return err
		}
	}
	return nil
}

func (s *shop) tapRule(ctx context.Context, region, bus, rule string) error {
	var have struct{ Targets []target }
	if err := s.do(ctx, region, "events", "ListTargetsByRule", map[string]any{"EventBusName": bus, "Rule": rule}, &have); err != nil {
		return err
	}
	for _, t := range have.Targets {
		arn, _ := t["Arn"].(string)
		queue, err := s.tap(ctx, region, consumerOf(arn))
		if err != nil {
			return err
		}
		beside := target{"Id": "tap", "Arn": queue}
		for _, how := range []string{"Input", "InputPath", "InputTransformer"} {
			if v, ok := t[how]; ok {
				beside[how] = v
			}
		}
		var out struct{ FailedEntryCount int }
		err = s.do(ctx, region, "events", "PutTargets", map[string]any{"EventBusName": bus, "Rule": rule, "Targets": []target{beside}}, &out)
		if err != nil || out.FailedEntryCount > 0 {
			return fmt.Errorf("%s cannot be tapped: %d failed, %w", rule, out.FailedEntryCount, err)
		}
	}
	return nil
}

// tap is the ARN of the queue beside a consumer's.
func (s *shop) tap(ctx context.Context, region, consumer string) (string, error) {
	name := "tap-" + consumer
	arn := fmt.Sprintf("arn:aws:sqs:%s:000000000000:%s", region, name)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q}]}`, arn)
	var out struct {
		QueueURL string `json:"QueueUrl"`
	}
	err := s.do(ctx, region, "sqs", "CreateQueue", map[string]any{"QueueName": name, "Attributes": map[string]string{"Policy": policy}}, &out)
	s.taps.queues = append(s.taps.queues, tap{region, consumer, out.QueueURL})
	return arn, err
}

// drain takes what the rules have delivered.
func (s *shop) drain() error {
	s.taps.got = map[string]map[string]json.RawMessage{}
	return s.Do(context.Background(), "drain", func(ctx context.Context) error {
		for _, q := range s.taps.queues {
			if s.taps.got[q.consumer] == nil {
				s.taps.got[q.consumer] = map[string]json.RawMessage{}
			}
			if err := s.drainOne(ctx, q, s.taps.got[q.consumer]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *shop) drainOne(ctx context.Context, q tap, into map[string]json.RawMessage) error {
	for {
		var batch struct {
			Messages []struct{ Body, ReceiptHandle string }
		}
		if err := s.do(ctx, q.region, "sqs", "ReceiveMessage", map[string]any{"QueueUrl": q.url, "MaxNumberOfMessages": 10}, &batch); err != nil {
			return err
		}
		if len(batch.Messages) == 0 {
			return nil
		}
		for _, m := range batch.Messages {
			var kind struct {
				DetailType string `json:"detail-type"`
				Cause      string `json:"cause"`
			}
			if err := json.Unmarshal([]byte(m.Body), &kind); err != nil {
				return fmt.Errorf("%w in %s", err, m.Body)
			}
			into[kind.DetailType+kind.Cause] = json.RawMessage(m.Body)
			if err := s.do(ctx, q.region, "sqs", "DeleteMessage", map[string]any{"QueueUrl": q.url, "ReceiptHandle": m.ReceiptHandle}, nil); err != nil {
				return err
			}
		}
	}
}

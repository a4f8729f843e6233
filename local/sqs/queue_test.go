package sqs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/local/core"
)

var operator core.Principal

func (b *bench) mustSend(t *testing.T, ctx context.Context, arn, body string) {
	t.Helper()
	if err := b.Send(ctx, region, arn, body, nil, operator); err != nil {
		t.Error(err)
	}
}

func (b *bench) mustReceive(t *testing.T, ctx context.Context, arn string, n int, wait time.Duration) []Message {
	t.Helper()
	got, err := b.Receive(ctx, region, arn, n, wait, operator)
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestMessageComesBackAfterItsVisibilityTimeoutUnlessDeleted(t *testing.T) {
	b := newSim(1)
	arn := b.queueNamed(t, "q", map[string]any{"VisibilityTimeout": 10})
	var seen []string
	b.task("consumer", func(ctx context.Context) {
		b.mustSend(t, ctx, arn, "one")
		for range 2 {
			for _, m := range b.mustReceive(t, ctx, arn, 10, 20*time.Second) {
				seen = append(seen, fmt.Sprintf("%s #%s +%v", m.Body, m.Attributes["ApproximateReceiveCount"], b.cloud.Now().Sub(start)))
				if len(seen) == 2 {
					if err := b.Delete(ctx, region, arn, []string{m.ReceiptHandle}, operator); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if rest := b.mustReceive(t, ctx, arn, 10, 20*time.Second); len(rest) != 0 {
			t.Errorf("a deleted message came back: %v", rest)
		}
	})
	b.run(time.Minute)
	if got, want := fmt.Sprint(seen), "[one #1 +0s one #2 +10s]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLongPollWakesForASendAndNotBefore(t *testing.T) {
	b := newSim(2)
	arn := b.queueNamed(t, "q", nil)
	b.task("sender", func(ctx context.Context) {
		if err := b.cloud.Sleep(ctx, 7*time.Second); err != nil {
			t.Error(err)
		}
		b.mustSend(t, ctx, arn, "late")
	})
	var at time.Duration
	b.task("consumer", func(ctx context.Context) {
		if got := b.mustReceive(t, ctx, arn, 1, 20*time.Second); len(got) != 1 {
			t.Errorf("got %d messages", len(got))
		}
		at = b.cloud.Now().Sub(start)
	})
	if steps := b.sim.Run(start.Add(time.Minute)); steps > 10 {
		t.Errorf("%d steps for one message: the long poll spins", steps)
	}
	if at != 7*time.Second {
		t.Errorf("received after %v", at)
	}
}

func TestManyWaitersShareAllMessages(t *testing.T) {
	b := newSim(3)
	arn := b.queueNamed(t, "q", nil)
	got := 0
	for range 4 {
		b.task("consumer", func(ctx context.Context) { got += len(b.mustReceive(t, ctx, arn, 1, 20*time.Second)) })
	}
	b.task("sender", func(ctx context.Context) {
		if err := b.cloud.Sleep(ctx, time.Second); err != nil {
			t.Error(err)
		}
		for i := range 4 {
			b.mustSend(t, ctx, arn, fmt.Sprint(i))
		}
	})
	b.run(2 * time.Second)
	if got != 4 {
		t.Errorf("%d of 4 messages received while waiters slept", got)
	}
}

func TestDelayHidesAMessage(t *testing.T) {
	b := newSim(4)
	arn := b.queueNamed(t, "q", map[string]any{"DelaySeconds": "5"})
	b.task("consumer", func(ctx context.Context) {
		b.mustSend(t, ctx, arn, "x")
		if got := b.mustReceive(t, ctx, arn, 1, 0); len(got) != 0 {
			t.Error("visible at once")
		}
		got := b.mustReceive(t, ctx, arn, 1, 20*time.Second)
		if len(got) != 1 || b.cloud.Now().Sub(start) != 5*time.Second {
			t.Errorf("%d messages after %v", len(got), b.cloud.Now().Sub(start))
		}
	})
	b.run(time.Minute)
}

func TestRetentionDropsOldMessages(t *testing.T) {
	b := newSim(5)
	arn := b.queueNamed(t, "q", map[string]any{"MessageRetentionPeriod": 60})
	b.task("sender", func(ctx context.Context) { b.mustSend(t, ctx, arn, "x") })
	b.run(61 * time.Second)
	if visible, _ := b.Depth(region, arn); visible != 0 {
		t.Errorf("%d messages outlived their retention", visible)
	}
}

func TestMessageReceivedTooOftenMovesToTheDeadLetterQueueAndBack(t *testing.T) {
	b := newSim(6)
	dlq := b.queueNamed(t, "dead", nil)
	arn := b.queueNamed(t, "q", map[string]any{"VisibilityTimeout": 1,
		"RedrivePolicy": map[string]any{"deadLetterTargetArn": dlq, "maxReceiveCount": 2}})
	received := 0
	b.task("consumer", func(ctx context.Context) {
		b.mustSend(t, ctx, arn, "poison")
		for range 5 {
			received += len(b.mustReceive(t, ctx, arn, 1, 5*time.Second))
		}
	})
	b.run(time.Minute)
	if visible, _ := b.Depth(region, "dead"); received != 2 || visible != 1 {
		t.Fatalf("received %d times, %d dead letters; want 2 and 1", received, visible)
	}
	if n := b.cloud.Journal.Count(core.KindDeadLetter); n != 1 {
		t.Errorf("%d dead letters journalled", n)
	}
	b.task("redrive", func(ctx context.Context) {
		_, err := b.cloud.Do(ctx, &core.Call{Region: region, Service: "sqs", Operation: "StartMessageMoveTask", Body: []byte(`{"SourceArn":"` + dlq + `"}`)})
		if err != nil {
			t.Error(err)
		}
	})
	b.sim.Run(start.Add(2 * time.Minute))
	back, _ := b.Depth(region, "q")
	dead, _ := b.Depth(region, "dead")
	if back != 1 || dead != 0 {
		t.Errorf("after the redrive: %d in the queue, %d dead letters", back, dead)
	}
	if qs := b.Queues(); len(qs) != 2 || fmt.Sprint(qs[0].DeadLetterOf) != "[q]" {
		t.Errorf("queues: %+v", qs)
	}
}

func TestDisturbedMessagesComeLateOrTwice(t *testing.T) {
	b := newSim(7)
	b.Disturb = func(string, string) Disturbance { return Disturbance{Late: 3 * time.Second, Twice: true} }
	arn := b.queueNamed(t, "q", nil)
	b.task("consumer", func(ctx context.Context) {
		b.mustSend(t, ctx, arn, "x")
		if got := b.mustReceive(t, ctx, arn, 10, 20*time.Second); len(got) != 2 || got[0].MessageId != got[1].MessageId {
			t.Errorf("got %+v", got)
		}
		if d := b.cloud.Now().Sub(start); d != 3*time.Second {
			t.Errorf("after %v", d)
		}
	})
	b.run(time.Minute)
}

func TestLostRegionStopsItsPollers(t *testing.T) {
	b := newSim(8)
	arn := b.queueNamed(t, "q", nil)
	received := false
	b.task("consumer", func(ctx context.Context) {
		received = len(b.mustReceive(t, ctx, arn, 1, 20*time.Second)) > 0
	})
	b.run(time.Second)
	b.cloud.Faults.SetRegion(region, core.Lost)
	b.run(10 * time.Second)
	if received {
		t.Error("a poller of a lost region ran")
	}
	b.cloud.Faults.SetRegion(region, core.Up)
	b.task("sender", func(ctx context.Context) { b.mustSend(t, ctx, arn, "x") })
	b.run(15 * time.Second)
	if !received {
		t.Error("the poller did not go on after the region came back")
	}
}

// Whatever consumers do, no message is lost: each one ends up deleted by a consumer, in the
// queue, in flight or in the dead-letter queue.
func TestNoMessageIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := newSim(rapid.Uint64().Draw(rt, "seed"))
		dlq := b.queueNamed(t, "dead", nil)
		arn := b.queueNamed(t, "q", map[string]any{"VisibilityTimeout": 2,
			"RedrivePolicy": map[string]any{"deadLetterTargetArn": dlq, "maxReceiveCount": 3}})
		n := rapid.IntRange(1, 12).Draw(rt, "messages")
		b.task("sender", func(ctx context.Context) {
			for i := range n {
				b.mustSend(t, ctx, arn, fmt.Sprint(i))
			}
		})
		deleted := map[string]bool{}
		fates := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 20).Draw(rt, "fates")
		for range 2 {
			b.task("consumer", func(ctx context.Context) { b.consume(t, ctx, arn, fates, deleted) })
		}
		b.run(3 * time.Minute)
		visible, inflight := b.Depth(region, "q")
		dead, _ := b.Depth(region, "dead")
		if total := len(deleted) + visible + inflight + dead; total != n {
			rt.Fatalf("%d sent, but %d deleted + %d visible + %d in flight + %d dead", n, len(deleted), visible, inflight, dead)
		}
	})
}

func (b *bench) consume(t *testing.T, ctx context.Context, arn string, fates []int, deleted map[string]bool) {
	for _, fate := range fates {
		for _, m := range b.mustReceive(t, ctx, arn, 3, 4*time.Second) {
			switch fate {
			case 0:
				deleted[m.Body] = true
				if err := b.Delete(ctx, region, arn, []string{m.ReceiptHandle}, operator); err != nil {
					t.Error(err)
				}
			case 1:
				b.queue(arn).hide(m.ReceiptHandle, b.cloud.Now(), 0)
			}
		}
	}
}

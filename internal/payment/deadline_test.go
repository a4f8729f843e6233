package payment

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// deadlines is a clock that writes down which deadlines were asked for.
type deadlines struct {
	*clocktest.Clock
	asked []time.Duration
}

func (d *deadlines) WithTimeout(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	d.asked = append(d.asked, after)
	return context.WithCancel(ctx)
}

func TestEveryStepHasOneDeadlineForAllItsCalls(t *testing.T) {
	p := newProvider(clocktest.New())
	clock := &deadlines{Clock: p.clock}
	s := newSaga(east, p)
	s.clock = clock
	in, err := json.Marshal(voidInput{Order: order(p.clock, east, methodOK), Reason: rejected("InsufficientStock")})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AuthorizePayment", "VoidPayment", "CapturePayment", "RefundPayment"} {
		clock.asked = nil
		if _, err := s.steps()[name](t.Context(), in); err != nil && platform.CodeOf(err) != platform.Internal { // a void payment is not refunded
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(clock.asked, []time.Duration{stepDeadline}) {
			t.Errorf("%s asked for the deadlines %v", name, clock.asked)
		}
	}
}

// The step gives up before its function does, the function before the task does, and a task that timed out is tried again.
func TestTimeOutsAreNested(t *testing.T) {
	template, err := os.ReadFile("../../stacks/payments.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`CodeUri: \.\./functions/payment-saga/\n(?:\s+\w+:.*\n)*?\s+Timeout: (\d+)`).FindSubmatch(template)
	if found == nil {
		t.Fatal("the function has no time-out of its own")
	}
	function, err := strconv.Atoi(string(found[1]))
	if err != nil || stepDeadline >= time.Duration(function)*time.Second {
		t.Errorf("a step has %s of the function's %d s, %v", stepDeadline, function, err)
	}
	definition, err := os.ReadFile("../../statemachine/order-saga.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var machine struct {
		TimeoutSeconds int
		States         map[string]struct {
			Type           string
			TimeoutSeconds int
			Retry          []struct{ ErrorEquals []string }
		}
	}
	if err := json.Unmarshal(definition, &machine); err != nil {
		t.Fatal(err)
	}
	if machine.TimeoutSeconds >= 120 {
		t.Errorf("the saga's time-out, %d s, is not below the age at which the sweep starts another", machine.TimeoutSeconds)
	}
	for name, state := range machine.States {
		if state.Type != "Task" {
			continue
		}
		if state.TimeoutSeconds <= function {
			t.Errorf("%s times out after %d s, its function may after %d", name, state.TimeoutSeconds, function)
		}
		if len(state.Retry) == 0 || !slices.Contains(state.Retry[0].ErrorEquals, "States.Timeout") {
			t.Errorf("%s is not tried again after a time-out", name)
		}
	}
}

// Package contract checks what two sides have agreed on without either knowing the other: the state machine and the functions whose steps
// it runs.
package contract_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/states"
)

const (
	region = "us-east-1"
	ample  = 10 * time.Minute
)

var epoch = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

var substitution = regexp.MustCompile(`\$\{([A-Za-z]+)FunctionArn\}`)

// definition is the state machine with the functions' names for their ARNs.
func definition(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../../statemachine/order-saga.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	return substitution.ReplaceAllString(string(raw), "arn:aws:lambda:"+region+":000000000000:function:$1")
}

// script is what each step answers in turn, the last answer for ever: JSON, or the name of an error after "!". Of the steps that it does not
// name, ConfirmOrder answers this region and the others an empty object.
type script map[string][]string

// play runs one execution against a script and tells the steps that it took.
func play(t *testing.T, input string, s script) (steps []string, ended states.Ended) {
	t.Helper()
	ended = watch(t, input, s, func(step string, _ []byte) { steps = append(steps, step) })
	return steps, ended
}

// watch runs one execution against a script and shows what each step is given.
func watch(t *testing.T, input string, s script, see func(step string, payload []byte)) states.Ended {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(epoch, faults, 1)
	cloud := core.New(sim, faults, 1)
	cloud.Journal.Keep(core.KindExecution)
	cloud.Register("states", states.New(t.Context(), cloud, states.Options{Invoke: func(_ context.Context, r states.InvokeRequest) (states.InvokeResult, error) {
		var in struct {
			Step, Want string
			Order      struct{ CommittedBy string }
		}
		if err := json.Unmarshal(r.Payload, &in); err != nil {
			return states.InvokeResult{}, err
		}
		if in.Step == "SettleStock" && in.Order.CommittedBy != region {
			t.Errorf("stock is settled as committed by %q", in.Order.CommittedBy)
		}
		step := in.Step + strings.ReplaceAll(in.Want, "saga", "LoadOrder")
		see(step, r.Payload)
		return s.answer(step), nil
	}}))
	do := func(operation string, in any) {
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cloud.Do(t.Context(), &core.Call{Region: region, Service: "states", Operation: operation, Body: body}); err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
	}
	do("CreateStateMachine", map[string]any{"name": "saga", "type": "EXPRESS", "definition": definition(t), "roleArn": "arn:aws:iam::000000000000:role/saga"})
	do("StartExecution", map[string]any{"stateMachineArn": "arn:aws:states:" + region + ":000000000000:stateMachine:saga", "name": "x", "input": input})
	sim.Run(epoch.Add(ample))
	entries := cloud.Journal.Entries(core.KindExecution)
	if len(entries) != 1 {
		t.Fatalf("%d executions ended", len(entries))
	}
	return entries[0].Data.(states.Ended)
}

func (s script) answer(step string) states.InvokeResult {
	answers := s[step]
	switch {
	case len(answers) == 0 && step == "ConfirmOrder":
		return states.InvokeResult{Payload: []byte(`"` + region + `"`)}
	case len(answers) == 0:
		return states.InvokeResult{Payload: []byte(`{}`)}
	}
	if len(answers) > 1 {
		s[step] = answers[1:]
	}
	if name, failed := strings.CutPrefix(answers[0], "!"); failed {
		return states.InvokeResult{FunctionError: "Unhandled", Payload: []byte(fmt.Sprintf(`{"errorMessage":"as the script says","errorType":%q}`, name))}
	}
	return states.InvokeResult{Payload: []byte(answers[0])}
}

// order is a saga view with what the route looks at.
func order(state string, more ...string) string {
	fields := map[string]any{"orderId": "ord_1", "home": region, "state": state, "committedBy": "", "cancelRequested": false, "cancelOpen": false, "actionExpired": false}
	for _, m := range more {
		switch m {
		case "cancel":
			fields["cancelRequested"], fields["cancelOpen"] = true, true
		case "refused":
			fields["cancelRequested"] = true
		case "committed":
			fields["committedBy"] = region
		case "expired":
			fields["actionExpired"] = true
		}
	}
	raw, err := json.Marshal(fields)
	if err != nil { // a map of strings and booleans always encodes
		panic(err)
	}
	return string(raw)
}

const (
	anOrder    = `{"orderId":"ord_1"}`
	authorized = `{"decision":"authorized","intentId":"pi_1"}`
	captured   = `{"decision":"captured","intentId":"pi_1","committedBy":"us-east-1","placedRegion":"us-east-1"}`
	voided     = `{"decision":"cancelled","outcome":"rejected","code":"PaymentDeclined"}`
	toAct      = `{"decision":"action-required","intentId":"pi_1","url":"https://pay.example"}`
	told       = `{"orderId":"ord_1","cause":"OrderPaymentUpdated"}`
	abort      = " VoidPayment CancelShipment ReleaseStock CloseOrder"
)

func TestTheSagaTakesTheStepsThatAnOrderNeeds(t *testing.T) {
	cases := []struct {
		name, input string
		script      script
		want        string
	}{
		{"placed", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {authorized}, "CapturePayment": {captured}},
			"LoadOrder ReserveStock AuthorizePayment BookShipment CapturePayment ConfirmOrder ReleaseShipment SettleStock"},
		{"stopped for a wish that is not known here", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {captured}, "ReleaseShipment": {`{"decision":"cancelled"}`}},
			"LoadOrder ReserveStock AuthorizePayment ConfirmOrder ReleaseShipment RefundPayment CancelOrder ReturnStock"},
		{"out of stock", anOrder, script{"LoadOrder": {order("PLACED")}, "ReserveStock": {"!InsufficientStock"}, "VoidPayment": {voided}},
			"LoadOrder ReserveStock" + abort},
		{"stock comes from the other region", anOrder, script{"LoadOrder": {order("PLACED")}, "ReserveStock": {"!StockOnItsWay", "!StockOnItsWay", `{"reserved":true}`},
			"AuthorizePayment": {authorized}, "CapturePayment": {captured}},
			"LoadOrder ReserveStock ReserveStock ReserveStock AuthorizePayment BookShipment CapturePayment ConfirmOrder ReleaseShipment SettleStock"},
		{"stock does not come from the other region", anOrder, script{"LoadOrder": {order("PLACED")}, "ReserveStock": {"!StockOnItsWay"}, "VoidPayment": {voided}},
			"LoadOrder" + strings.Repeat(" ReserveStock", 11) + abort},
		{"declined", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {"!PaymentDeclined"}, "VoidPayment": {voided}},
			"LoadOrder ReserveStock AuthorizePayment" + abort},
		{"not to be shipped", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {authorized}, "BookShipment": {"!ShipmentUnavailable"}, "VoidPayment": {voided}},
			"LoadOrder ReserveStock AuthorizePayment BookShipment" + abort},
		{"the other region has captured", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {captured}},
			"LoadOrder ReserveStock AuthorizePayment ConfirmOrder ReleaseShipment SettleStock"},
		{"the other region has voided", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {voided}, "VoidPayment": {voided}},
			"LoadOrder ReserveStock AuthorizePayment" + abort},
		{"voided before it could be captured", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {authorized}, "CapturePayment": {voided}, "VoidPayment": {voided}},
			"LoadOrder ReserveStock AuthorizePayment BookShipment CapturePayment" + abort},
		{"captured before it could be voided", anOrder, script{"LoadOrder": {order("PLACED")}, "ReserveStock": {"!InsufficientStock"}, "VoidPayment": {captured}},
			"LoadOrder ReserveStock VoidPayment ConfirmOrder ReleaseShipment SettleStock"},
		{"undecided and then authorized", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {"!Undecided", "!Throttled", authorized}, "CapturePayment": {captured}},
			"LoadOrder ReserveStock AuthorizePayment AuthorizePayment AuthorizePayment BookShipment CapturePayment ConfirmOrder ReleaseShipment SettleStock"},
		{"the shopper must act", anOrder, script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {toAct}},
			"LoadOrder ReserveStock AuthorizePayment RequireAction"},
		{"the shopper has acted", told, script{"LoadOrder": {order("ACTION_REQUIRED")}, "AuthorizePayment": {authorized}, "CapturePayment": {captured}},
			"LoadOrder ReserveStock AuthorizePayment BookShipment CapturePayment ConfirmOrder ReleaseShipment SettleStock"},
		{"the shopper acted in the last moment", anOrder, script{"LoadOrder": {order("ACTION_REQUIRED", "expired")}, "AuthorizePayment": {authorized}, "CapturePayment": {captured}},
			"LoadOrder ReserveStock AuthorizePayment BookShipment CapturePayment ConfirmOrder ReleaseShipment SettleStock"},
		{"the shopper has not acted in time", anOrder, script{"LoadOrder": {order("ACTION_REQUIRED", "expired")}, "AuthorizePayment": {toAct}, "VoidPayment": {voided}},
			"LoadOrder ReserveStock AuthorizePayment" + abort},
		{"the provider tells of an order that does not wait", told, script{"LoadOrder": {order("PLACED")}}, "LoadOrder"},
		{"the provider tells of an order that is confirmed", told, script{"LoadOrder": {order("CONFIRMED", "committed")}}, "LoadOrder"},
		{"cancelled before it is confirmed", anOrder, script{"LoadOrder": {order("PLACED", "cancel")}, "VoidPayment": {voided}}, "LoadOrder" + abort},
		{"cancelled while the shopper is to act", anOrder, script{"LoadOrder": {order("ACTION_REQUIRED", "cancel")}, "VoidPayment": {voided}}, "LoadOrder" + abort},
		{"cancelled after it is confirmed", anOrder, script{"LoadOrder": {order("CONFIRMED", "cancel", "committed")}, "StopShipment": {`{"decision":"cancelled"}`}},
			"LoadOrder StopShipment RefundPayment CancelOrder ReturnStock"},
		{"captured before it could be cancelled", anOrder, script{"LoadOrder": {order("PLACED", "cancel"), order("CONFIRMED", "cancel", "committed")},
			"VoidPayment": {captured}, "StopShipment": {`{"decision":"cancelled"}`}},
			"LoadOrder VoidPayment ConfirmOrder LoadOrder StopShipment RefundPayment CancelOrder ReturnStock"},
		{"cancelled too late", anOrder, script{"LoadOrder": {order("CONFIRMED", "cancel", "committed")}, "StopShipment": {`{"decision":"dispatched"}`}},
			"LoadOrder StopShipment RefuseCancel SettleStock"},
		{"refused before", anOrder, script{"LoadOrder": {order("CONFIRMED", "refused", "committed")}}, "LoadOrder ReleaseShipment SettleStock"},
		{"confirmed and driven again", anOrder, script{"LoadOrder": {order("CONFIRMED", "committed")}}, "LoadOrder ReleaseShipment SettleStock"},
		{"called off and driven again", anOrder, script{"LoadOrder": {order("CANCELLED", "refused", "committed")}}, "LoadOrder ReturnStock"},
		{"cancelled and driven again", anOrder, script{"LoadOrder": {order("CANCELLED", "refused")}}, "LoadOrder"},
		{"rejected and driven again", anOrder, script{"LoadOrder": {order("REJECTED")}}, "LoadOrder"},
		{"dispatched and driven again", anOrder, script{"LoadOrder": {order("DISPATCHED", "cancel", "committed")}}, "LoadOrder"},
		{"a view of the previous version", anOrder, script{"LoadOrder": {`{"orderId":"ord_1","state":"CONFIRMED","committedBy":"us-east-1","cancelRequested":true}`}}, "LoadOrder ReleaseShipment SettleStock"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			steps, ended := play(t, c.input, c.script)
			if got := strings.Join(steps, " "); got != c.want || ended.Status != "SUCCEEDED" {
				t.Errorf("%s %s\ngot  %s\nwant %s", ended.Status, ended.Error, got, c.want)
			}
		})
	}
}

// What cannot be is not taken for a decision: the execution fails, and the sweep starts another.
func TestTheSagaStopsAtWhatItDoesNotUnderstand(t *testing.T) {
	for step, s := range map[string]script{
		"StopShipment":   {"LoadOrder": {order("CONFIRMED", "cancel", "committed")}, "StopShipment": {`{"decision":"perhaps"}`}},
		"CapturePayment": {"LoadOrder": {order("PLACED")}, "AuthorizePayment": {authorized}, "CapturePayment": {"!Internal"}},
	} {
		steps, ended := play(t, anOrder, s)
		if ended.Status != "FAILED" || ended.Error != "Internal" || steps[len(steps)-1] != step {
			t.Errorf("%s: %s %s after %v", step, ended.Status, ended.Error, steps)
		}
	}
}

// The sweep starts an order again at an age of two minutes: by then a run must be over, whatever its steps do.
func TestARunIsOverBeforeTheSweepStartsTheNext(t *testing.T) {
	for _, step := range []string{"LoadOrder", "AuthorizePayment", "CapturePayment"} {
		s := script{"LoadOrder": {order("PLACED")}, "AuthorizePayment": {authorized}}
		s[step] = []string{"!Unavailable"}
		_, ended := play(t, anOrder, s)
		if took := ended.Stopped.Sub(ended.Started); took >= 2*time.Minute || ended.Status == "SUCCEEDED" {
			t.Errorf("%s: %s after %v", step, ended.Status, took)
		}
	}
}

// Every task retries the errors that another try may help, and none that is an answer or needs a person.
func TestTasksRetryWhatIsTransientAndNothingElse(t *testing.T) {
	var machine struct {
		States map[string]struct {
			Type  string
			Retry []struct{ ErrorEquals []string }
		}
	}
	if err := json.Unmarshal([]byte(definition(t)), &machine); err != nil {
		t.Fatal(err)
	}
	tasks := 0
	for name, state := range machine.States {
		if state.Type != "Task" {
			continue
		}
		tasks++
		retried := map[string]bool{}
		for _, r := range state.Retry {
			for _, e := range r.ErrorEquals {
				retried[e] = true
			}
		}
		for code, kind := range platform.Codes() {
			waited := name == "ReserveStock" && code == platform.StockOnItsWay // an answer that another try changes
			if retried[string(code)] != (kind == platform.Transient || waited) {
				t.Errorf("%s retries %s: %v", name, code, retried[string(code)])
			}
		}
	}
	if tasks < 15 {
		t.Errorf("only %d tasks were seen", tasks)
	}
}

package contract_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the carrier tells can be seen before who committed the order, and the region that did may be lost: then the payment is asked.
func TestAnOrderWhoseGoodsLeftIsConfirmedByAskingThePayment(t *testing.T) {
	for _, state := range []string{"DISPATCHED", "DELIVERED"} {
		cases := map[string]script{
			"LoadOrder CapturePayment ConfirmOrder ReleaseShipment SettleStock": {"LoadOrder": {order(state)}, "CapturePayment": {captured}},
			"LoadOrder CapturePayment ConfirmOrder LoadOrder": {
				"LoadOrder": {order(state, "refused"), order(state, "refused", "committed")}, "CapturePayment": {captured}},
			"LoadOrder": {"LoadOrder": {order(state, "committed")}},
		}
		for want, s := range cases {
			steps, ended := play(t, anOrder, s)
			if got := strings.Join(steps, " "); got != want || ended.Status != "SUCCEEDED" {
				t.Errorf("%s: %s %s\ngot  %s\nwant %s", state, ended.Status, ended.Error, got, want)
			}
		}
	}
}

func TestTheCaptureIsToldTheIntentThatTheRunAuthorized(t *testing.T) {
	for want, s := range map[string]script{
		"pi_1": {"LoadOrder": {order("PLACED")}, "AuthorizePayment": {authorized}, "CapturePayment": {captured}},
		"":     {"LoadOrder": {order("DISPATCHED")}, "CapturePayment": {captured}}, // it authorized nothing
	} {
		var given struct{ IntentID *string }
		ended := watch(t, anOrder, s, func(step string, payload []byte) {
			if step == "CapturePayment" {
				if err := json.Unmarshal(payload, &given); err != nil {
					t.Error(err)
				}
			}
		})
		if ended.Status != "SUCCEEDED" || given.IntentID == nil || *given.IntentID != want {
			t.Errorf("%s, the capture was told %v, want %q", ended.Status, given.IntentID, want)
		}
	}
}

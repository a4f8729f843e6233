package contract_test

import (
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

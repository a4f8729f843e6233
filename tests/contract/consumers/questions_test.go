//go:build pact

package consumers_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/pact-foundation/pact-go/v2/matchers"
	message "github.com/pact-foundation/pact-go/v2/message/v4"

	"twofold/internal/inventory"
	"twofold/internal/notification"
	"twofold/internal/order"
	"twofold/internal/payment"
	"twofold/internal/platform"
	"twofold/internal/shipping"
)

// inquiry is one question that a consumer asks of another service's function, what of the answer it reads, and how one sees that it has.
type inquiry struct {
	consumer, provider, does string
	given                    string
	question                 detail
	answer                   detail
	asks                     func(s *shop) error
}

func TestWhatFunctionsNeedOfEachOther(t *testing.T) {
	all := append(append(persons(), outcomes()...), append(append(products(), notices()...), append(append(reconciling(), fenced()...), adopting()...)...)...)
	for _, q := range all {
		t.Run(q.consumer+" "+q.does, func(t *testing.T) {
			if err := inquire(t, q); err != nil {
				t.Errorf("%s does not understand what %s answers as its pact has it: %v", q.consumer, q.provider, err)
			}
		})
	}
}

func inquire(t *testing.T, q inquiry) error {
	pact, err := message.NewSynchronousPact(message.Config{Consumer: q.consumer, Provider: q.provider, PactDir: pactDir(t)})
	if err != nil {
		return err
	}
	return pact.AddSynchronousMessage(q.does).Given(q.given).
		WithRequest(func(b *message.SynchronousMessageWithRequestBuilder) { b.WithJSONContent(q.question) }).
		WithResponse(func(b *message.SynchronousMessageWithResponseBuilder) { b.WithJSONContent(q.answer) }).
		ExecuteTest(t, func(m message.SynchronousMessage) error {
			s := newShop(t)
			asked := 0
			s.answers[q.provider] = func(question []byte) []byte {
				if !sameJSON(question, m.Request.Contents) {
					t.Errorf("%s asks %s for %s, but its pact says %s", q.consumer, q.provider, question, m.Request.Contents)
				}
				asked++
				return m.Response[0].Contents
			}
			err := q.asks(s)
			if asked == 0 {
				err = errors.Join(err, fmt.Errorf("%s does not ask %s at all", q.consumer, q.provider))
			}
			return err
		})
}

func sameJSON(a, b []byte) bool {
	var left, right any
	return json.NewDecoder(bytes.NewReader(a)).Decode(&left) == nil && json.NewDecoder(bytes.NewReader(b)).Decode(&right) == nil && reflect.DeepEqual(left, right)
}

// failure is how a function's error looks to who invoked it.
func failure(code platform.Code) detail {
	return detail{"errorType": matchers.Equality(string(code)), "errorMessage": matchers.Like("why")}
}

var address = detail{"line1": matchers.Like("12 St James's Square"), "city": matchers.Like("London"), "postalCode": matchers.Like("SW1Y 4JH"), "country": matchers.Regex("GB", "^[A-Z]{2}$")}

func persons() []inquiry {
	person := detail{"orderId": orderID, "want": "person"}
	erased := detail{"name": matchers.Equality(""), "email": matchers.Equality("")}
	mail := func(s *shop) error {
		return s.deliver(s.build("mails", notification.NewMail), []byte(`{"detail-type":"OrderConfirmed","detail":{"orderId":"`+orderID+`","committedBy":"`+region+`"}}`))
	}
	return []inquiry{
		{"notification-mail", "order-query", "who gets the mail", "an order is placed", person, detail{"name": matchers.Like("Ada Byron"), "email": matchers.Like("ada@shop.example")},
			func(s *shop) error {
				if err := mail(s); err != nil {
					return err
				}
				return wants("the mails", s.mails, "ada@shop.example", "Ada Byron")
			}},
		{"notification-mail", "order-query", "who gets the mail, when the person was erased", "an order whose person was erased", person, erased,
			func(s *shop) error {
				if err := mail(s); err != nil || len(s.mails) > 0 {
					return fmt.Errorf("%v, and mails %v", err, s.mails)
				}
				return nil
			}},
		{"shipping-saga", "order-query", "who gets the goods", "an order is placed", person, detail{"name": matchers.Like("Ada Byron"), "address": address},
			func(s *shop) error {
				if err := s.book(); err != nil {
					return err
				}
				return wants("the booking", s.calls, "PUT /v1/shipments/"+orderID, "Ada Byron", "12 St James's Square", "London", "SW1Y 4JH", `"GB"`)
			}},
		{"shipping-saga", "order-query", "who gets the goods of an order that is not seen yet", "no order", person, failure(platform.NotFound),
			func(s *shop) error {
				if err := s.book(); err == nil || errorName(err) != string(platform.Unavailable) {
					return fmt.Errorf("got %v, want an error that another try may help", err)
				}
				return nil
			}},
	}
}

// errorName is the name of a function's error, which the state machine goes by.
func errorName(err error) string {
	raw, _ := json.Marshal(err) // a test that expects a name sees that there is none
	var e struct{ ErrorType string }
	if json.Unmarshal(raw, &e) != nil || e.ErrorType == "" {
		return err.Error()
	}
	return e.ErrorType
}

// book has shipping book a label.
func (s *shop) book() error {
	_, err := run[struct{}](s, s.build("shipments", shipping.NewSaga), map[string]any{"step": "BookShipment",
		"order": map[string]any{"orderId": orderID, "lines": []any{map[string]any{"sku": sku, "quantity": 2}}, "shipping": map[string]any{"method": "standard"}}})
	return err
}

func outcomes() []inquiry {
	question := detail{"orderId": orderID, "want": "outcome"}
	confirmed := detail{"known": matchers.Equality(true), "state": matchers.Equality("CONFIRMED"), "committedBy": aRegion()}
	rejected := detail{"known": matchers.Equality(true), "state": matchers.Equality("REJECTED"), "committedBy": matchers.Equality("")}
	unknown := detail{"known": matchers.Equality(false)}
	held := func(settled, failed int) func(s *shop) error {
		return func(s *shop) error {
			if err := s.reserve(); err != nil {
				return err
			}
			s.now = s.now.Add(10 * time.Minute)
			return swept(s, "stock", inventory.NewSweep, settled, failed)
		}
	}
	booked := func(settled, failed int) func(s *shop) error {
		return func(s *shop) error {
			ask := s.answers["order-query"]
			s.answers["order-query"] = func([]byte) []byte {
				return []byte(`{"name":"Ada Byron","address":{"line1":"1","city":"London","postalCode":"2","country":"GB"}}`)
			}
			if err := s.book(); err != nil {
				return err
			}
			s.answers["order-query"] = ask
			s.now = s.now.Add(10 * time.Minute)
			return swept(s, "shipments", shipping.NewSweep, settled, failed)
		}
	}
	without := func(d detail) detail { return detail{"known": d["known"], "state": d["state"]} }
	return []inquiry{
		{"inventory-sweep", "order-query", "what became of a confirmed order", "an order is confirmed", question, confirmed, held(1, 0)},
		{"inventory-sweep", "order-query", "what became of a rejected order", "an order is rejected", question, rejected, held(1, 0)},
		{"inventory-sweep", "order-query", "what became of an order that is not seen", "no order", question, unknown, held(0, 1)},
		{"shipping-sweep", "order-query", "what became of a confirmed order", "an order is confirmed", question, without(confirmed), booked(1, 0)},
		{"shipping-sweep", "order-query", "what became of a rejected order", "an order is rejected", question, without(rejected), booked(1, 0)},
		{"shipping-sweep", "order-query", "what became of an order that is not seen", "no order", question, unknown, booked(0, 1)},
	}
}

func swept(s *shop, table string, construct platform.Constructor, settled, failed int) error {
	got, err := run[struct{ Settled, Failed int }](s, s.build(table, construct), struct{}{})
	if err == nil && (got.Settled != settled || got.Failed != failed) {
		err = fmt.Errorf("the sweep settled %d and failed at %d, want %d and %d", got.Settled, got.Failed, settled, failed)
	}
	return err
}

func products() []inquiry {
	question := detail{"sku": sku, "want": "product"}
	place := func(status int, says string) func(s *shop) error {
		return func(s *shop) error {
			body := `{"lines":[{"sku":"` + sku + `","quantity":2}],"currency":"EUR","payment":{"method":"pm_card_visa"},"shipping":{"method":"standard","name":"Ada Byron",` +
				`"email":"ada@shop.example","address":{"line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"}}}`
			return s.call(order.NewAPI, "order-work", "POST /v1/orders", map[string]string{"Idempotency-Key": "order-0001", "Content-Type": "application/json"}, body, status, says)
		}
	}
	return []inquiry{
		{"order-api", "inventory-query", "what a product costs", "a product is for sale", question,
			detail{"found": matchers.Equality(true), "sku": matchers.Equality(sku), "price": detail{"amount": matchers.Integer(790), "currency": matchers.Regex("EUR", "^[A-Z]{3}$")},
				"active": matchers.Equality(true), "version": matchers.Integer(1), "region": aRegion()}, place(202, `"unitAmount":790`)},
		{"order-api", "inventory-query", "what a product costs that does not exist", "no product", question, detail{"found": matchers.Equality(false)}, place(422, sku)},
	}
}

func notices() []inquiry {
	stored := detail{"durability": matchers.Regex("two-regions", "^(two-regions|one-region)$")}
	paid := `{"id":"evt_contract","type":"payment_intent.amount_capturable_updated","data":{"object":{"id":"pi_contract","metadata":{"order_id":"` + orderID + `","asked":"authentication"}}}}`
	tracked := func(kind string) string {
		return `{"id":"evt_contract","type":"shipment.` + kind + `","reference":"` + orderID + `"}`
	}
	hook := func(construct platform.Constructor, path, header, body string, status int, says string) func(s *shop) error {
		return func(s *shop) error {
			return s.call(construct, "shipments", "POST /v1/webhooks/"+path, map[string]string{header: s.signature(body)}, body, status, says)
		}
	}
	updated := detail{"orderId": orderID, "kind": "payment-updated", "eventId": "evt_contract", "intentId": "pi_contract"}
	payments := func(status int, says string) func(s *shop) error {
		return hook(payment.NewWebhook, "payments", "Stripe-Signature", paid, status, says)
	}
	parcels := func(kind string, status int, says string) func(s *shop) error {
		return hook(shipping.NewWebhook, "carrier", "Carrier-Signature", tracked(kind), status, says)
	}
	moved := func(kind string) detail { return detail{"orderId": orderID, "kind": kind, "eventId": "evt_contract"} }
	return []inquiry{
		{"payment-webhook", "order-facts", "that the provider tells of an order", "an order whose shopper must act", updated, stored, payments(200, `"stored":true`)},
		{"payment-webhook", "order-facts", "that the provider tells of an order which does not wait", "an order is confirmed", updated, detail{}, payments(200, `"stored"`)},
		{"payment-webhook", "order-facts", "that the provider tells of an order which is not seen", "no order", updated, failure(platform.NotFound), payments(409, "")},
		{"shipping-webhook", "order-facts", "that the goods were picked up", "an order is confirmed", moved("dispatched"), stored, parcels("dispatched", 200, `"stored":true`)},
		{"shipping-webhook", "order-facts", "that the goods were delivered", "an order is confirmed", moved("delivered"), stored, parcels("delivered", 200, `"stored":true`)},
		{"shipping-webhook", "order-facts", "that the goods of an order which is not seen were picked up", "no order", moved("dispatched"), failure(platform.NotFound), parcels("dispatched", 409, "")},
	}
}

// signature signs a webhook as the shop's providers do.
func (s *shop) signature(body string) string {
	stamp := fmt.Sprint(s.now.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "." + body))
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// call calls a function as API Gateway does and wants a status and something in the body.
func (s *shop) call(construct platform.Constructor, work, route string, header map[string]string, body string, status int, says string) error {
	var method, path string
	if _, err := fmt.Sscan(route, &method, &path); err != nil {
		return err
	}
	e := events.APIGatewayProxyRequest{HTTPMethod: method, Resource: strings.Replace(path, sku, "{sku}", 1), Path: path, PathParameters: map[string]string{"sku": sku}, Headers: header, Body: body}
	e.RequestContext.Authorizer = map[string]any{"customer": "ada", "stripeCustomer": "cus_ada", "expires": "9999999999", "scope": "orders:read orders:write catalogue:admin"}
	got, err := run[events.APIGatewayProxyResponse](s, s.build(work, construct), e)
	if err == nil && got.StatusCode != status {
		err = fmt.Errorf("%s answered %d %s, want %d", route, got.StatusCode, got.Body, status)
	}
	return errors.Join(err, wants(route, []string{got.Body}, says))
}

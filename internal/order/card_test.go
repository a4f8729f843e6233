package order

import (
	"strings"
	"testing"

	"twofold/internal/platform"
)

const cardNumber = "4242424242424242"

// requestWithoutFault is a request without a fault.
func requestWithoutFault() request {
	return request{Lines: []lineRequest{{SKU: "TEA-1", Quantity: 1}}, Currency: "EUR", Payment: paymentRequest{Method: "pm_card_visa"},
		Shipping: shippingRequest{Method: "standard", Name: "Ada Byron", Email: "ada@shop.example",
			Address: address{Line1: "12 St James Square", Line2: "Flat 2", City: "London", PostalCode: "SW1Y 4JH", Country: "GB"}}}
}

// TestACardsNumberIsRefusedInEveryFieldThatIsStored puts one where it would be kept; what is said about it does not repeat it. Of a key only a digest
// is stored, and a SKU must be in the catalogue.
func TestACardsNumberIsRefusedInEveryFieldThatIsStored(t *testing.T) {
	if v := violations("key-1", requestWithoutFault()); len(v) != 0 {
		t.Fatalf("the usual request is refused: %+v", v)
	}
	for pointer, put := range map[string]func(r *request){
		"/currency":                    func(r *request) { r.Currency = cardNumber },
		"/payment/method":              func(r *request) { r.Payment.Method = "pm_" + cardNumber },
		"/shipping/method":             func(r *request) { r.Shipping.Method = cardNumber },
		"/shipping/name":               func(r *request) { r.Shipping.Name = "Ada 4242 4242 4242 4242" },
		"/shipping/email":              func(r *request) { r.Shipping.Email = cardNumber + "@shop.example" },
		"/shipping/address/line1":      func(r *request) { r.Shipping.Address.Line1 = "card " + cardNumber },
		"/shipping/address/line2":      func(r *request) { r.Shipping.Address.Line2 = "4242-4242-4242-4242" },
		"/shipping/address/city":       func(r *request) { r.Shipping.Address.City = cardNumber },
		"/shipping/address/postalCode": func(r *request) { r.Shipping.Address.PostalCode = cardNumber },
		"/shipping/address/country":    func(r *request) { r.Shipping.Address.Country = cardNumber },
	} {
		r := requestWithoutFault()
		put(&r)
		if got := violations("key-1", r); len(got) == 0 || got[0].Pointer != pointer || repeats(got) {
			t.Errorf("%s: %+v", pointer, got)
		}
	}
}

func repeats(all []platform.Violation) bool {
	for _, v := range all {
		if strings.Contains(v.Detail, "4242") {
			return true
		}
	}
	return false
}

func TestANumberIsTakenForACardsOnlyIfItCanBeOne(t *testing.T) {
	for s, want := range map[string]bool{
		"4242424242424242": true, "5555 5555 5555 4444": true, "3782-822463-10005": true, "6011111111111117.": true, "no. 30569309025904, please": true,
		"4242424242424241": false, "12 St James Square": false, "0000000000000000": false, "1234567890123452": false, "42424242424242424242": false,
		"4242424242424242 4242": false, "4242  4242 4242 4242": false, "SW1Y 4JH": false, "": false, "1Nz9cE2eZvKYlo2C4242": false,
	} {
		if got := holdsCard(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

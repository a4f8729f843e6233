package stripe

import (
	"net/http"
	"strings"
)

// card is what a payment method does when it is charged.
type card struct {
	brand, last4 string
	decline      string // decline code; "" pays
	challenge    bool   // wants 3-D Secure first
}

// testCard is a test payment method of https://docs.stripe.com/testing. Each use of one makes a new
// payment method, as it does there.
func testCard(id string) (card, bool) {
	name, ok := strings.CutPrefix(id, "pm_card_")
	if !ok {
		return card{}, false
	}
	switch name {
	case "visa", "us":
		return card{brand: "visa", last4: "4242"}, true
	case "mastercard":
		return card{brand: "mastercard", last4: "4444"}, true
	case "amex":
		return card{brand: "amex", last4: "8431"}, true
	case "authenticationRequired", "threeDSecure2Required", "threeDSecureRequired":
		return card{brand: "visa", last4: "3184", challenge: true}, true
	case "authenticationRequiredChargeDeclinedInsufficientFunds":
		return card{brand: "visa", last4: "3178", challenge: true, decline: "insufficient_funds"}, true
	}
	decline := declineOf(strings.TrimPrefix(name, "visa_"))
	return card{brand: "visa", last4: "0002", decline: decline}, decline != ""
}

func declineOf(name string) string {
	switch name {
	case "chargeDeclined":
		return "generic_decline"
	case "chargeDeclinedInsufficientFunds":
		return "insufficient_funds"
	case "chargeDeclinedLostCard":
		return "lost_card"
	case "chargeDeclinedStolenCard":
		return "stolen_card"
	case "chargeDeclinedExpiredCard":
		return "expired_card"
	case "chargeDeclinedIncorrectCvc":
		return "incorrect_cvc"
	case "chargeDeclinedProcessingError":
		return "processing_error"
	case "chargeDeclinedVelocityLimitExceeded":
		return "card_velocity_exceeded"
	}
	return ""
}

// codes gives an error's code, decline code and text for a decline.
func codes(decline string) (code, declineCode, message string) {
	switch decline {
	case "expired_card":
		return decline, "", "Your card has expired."
	case "incorrect_cvc":
		return decline, "", "Your card's security code is incorrect."
	case "processing_error":
		return decline, "", "An error occurred while processing your card. Try again in a little bit."
	case "insufficient_funds":
		return "card_declined", decline, "Your card has insufficient funds."
	case "authentication_required":
		return decline, decline, "Your card was declined. This transaction requires authentication."
	case "card_velocity_exceeded":
		return "card_declined", decline, "Your card was declined for making repeated attempts too frequently or exceeding its amount limit."
	}
	return "card_declined", decline, "Your card was declined."
}

func (c card) object(id string) *methodObject {
	return &methodObject{ID: id, Object: "payment_method", Card: cardObject{c.brand, c.last4}, Type: "card"}
}

// method gives the payment method that an id or a test name stands for.
func (p *Provider) method(id string) (string, *Error) {
	if _, known := p.methods[id]; known {
		return id, nil
	}
	c, ok := testCard(id)
	if !ok {
		err := missing("PaymentMethod", id, "payment_method")
		err.Status = http.StatusBadRequest
		return "", err
	}
	made := p.id("pm_1", 23)
	p.methods[made] = c
	p.touch(method{made, c})
	return made, nil
}

package notification

import "twofold/internal/fact"

// Notice is what is to be mailed.
type Notice struct {
	OrderID string
	Kind    fact.Kind
	Reason  string // code of a rejection, cancellation or refusal to cancel
}

// wording is what a kind of mail says.
type wording struct {
	subject string
	body    []string
}

// wordings are the kinds of facts that are mailed.
var wordings = map[fact.Kind]wording{
	fact.Confirmed: {"Your order is confirmed", []string{
		"Thank you for your order. Your payment went through, and we are getting your parcel ready."}},
	fact.Rejected: {"We could not accept your order", []string{
		"We are sorry: your order could not be accepted. You were not charged; if your bank shows a reserved amount, it will disappear by itself."}},
	fact.Cancelled: {"Your order is cancelled", []string{
		"Your order is cancelled, as you wished. What was paid for it goes back to you."}},
	fact.CancelRefused: {"Your order could not be cancelled", []string{
		"You asked us to cancel your order, but the carrier already has your parcel. It is on its way to you."}},
	fact.Dispatched: {"Your order is on its way", []string{
		"The carrier has picked up your parcel."}},
	fact.Delivered: {"Your order has been delivered", []string{
		"The carrier has delivered your parcel. We hope you enjoy it."}},
	fact.Refunded: {"Your refund is on its way", []string{
		"We have paid your money back. Your bank may take a few days to show it."}},
}

// reasons explain a rejection, by its code; a code that is not here is not explained.
var reasons = map[string]string{
	"InsufficientStock":     "One of the products was sold out before we could set it aside for you.",
	"PaymentDeclined":       "Your bank or card issuer declined the payment. You can order again with another card.",
	"AuthenticationExpired": "Your bank asked you to approve the payment, and that did not happen in time. You can order again.",
	"ShipmentUnavailable":   "Our carrier does not deliver to the address you gave. You can order again with another address.",
}

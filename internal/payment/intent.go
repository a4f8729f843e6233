package payment

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// Status is where an intent stands (https://docs.stripe.com/payments/paymentintents/lifecycle).
type Status string

// The statuses.
const (
	requiresPaymentMethod Status = "requires_payment_method" // new without a method, or declined
	requiresConfirmation  Status = "requires_confirmation"   // made by hand, or by a version that confirmed in a call of its own
	requiresAction        Status = "requires_action"
	requiresCapture       Status = "requires_capture" // authorized
	succeeded             Status = "succeeded"        // captured
	canceled              Status = "canceled"
)

// Metadata keys of an intent.
const (
	metaOrder       = "order_id"
	metaPlaced      = "placed_region" // whose placed fact is charged
	metaVersion     = "version"       // how the parameters were made of that fact
	metaCommittedBy = "committed_by"  // whose capture committed the order
	metaAsked       = "asked"         // "authentication" once the shopper was sent to authenticate: from then on webhooks matter
	metaRejected    = "rejected_for"  // why the order was to be rejected, written before the intent is cancelled
)

const askedAuthentication = "authentication"

// Cancellation reasons of an intent, by the outcome they stand for.
const (
	reasonRejected  = "abandoned"
	reasonCancelled = "requested_by_customer"
	reasonDuplicate = "duplicate" // by hand: the order has another intent, which counts
)

// voidedByHand is the code of a rejection for which an intent names none: it was cancelled at the provider, by hand or for its age.
const voidedByHand = "PaymentVoided"

// Outcomes of an order whose payment is void.
const (
	outcomeRejected  = "rejected"
	outcomeCancelled = "cancelled"
)

// createWithin is how long after the order was placed its payment may be begun.
const createWithin = 12 * time.Hour

// findBefore is how much older than the order's placed fact its intent may be: the other region's fact, which made the intent, may be that
// much older. A region that is cut off for longer while a shopper repeats the request is beyond what is kept apart here.
const findBefore = 30 * 24 * time.Hour

// untriedFor is how old an intent is that nobody has tried to pay before it is taken for abandoned: older than any run. Until then whoever made it is about to
// void it.
const untriedFor = 2 * time.Minute

// fencedFor is how long a region must have been fenced before none of its calls is taken to be under way: longer than any run, by clocks that differ.
const fencedFor = 10 * time.Minute

// Intent is a payment intent as the provider knows it.
type Intent struct {
	ID                 string
	Status             Status
	CancellationReason string
	RejectedFor        string // the code with which the order was to be rejected; "" if none was written
	OrderID            string
	PlacedRegion       string
	CommittedBy        string
	ActionURL          string // requires_action: where the shopper authenticates
	Asked              bool   // the shopper was sent there
	Tried              bool   // an attempt to pay failed
	Received           int64  // captured, in minor units
	Currency           string // ISO 4217
	Created            time.Time
}

// Refund is money that went back, as the provider knows it.
type Refund struct {
	ID     string
	Amount int64 // minor units
	Void   bool  // failed or cancelled: the money did not go back
}

// Params are what an intent is created with: a function of one placed fact, of the parameter version in it and of the shop's page of an order, and of
// nothing else, because the same key must always come with the same parameters.
type Params struct {
	Amount   money.Money
	Customer string // "" and ...
	Method   string // ... "" for intents that are made only to be cancelled. With a method the intent is confirmed at once.
	OrderID  string
	Placed   string
	Version  int
}

// metadata is what the intent says of itself.
func (p Params) metadata() map[string]string {
	return map[string]string{metaOrder: p.OrderID, metaPlaced: p.Placed, metaVersion: strconv.Itoa(p.Version)}
}

// Charge is what is to be paid by one placed fact.
type Charge struct {
	PlacedRegion string      `json:"placedRegion"`
	Amount       money.Money `json:"amount"`
	Payment      struct {
		Customer string `json:"customer"`
		Method   string `json:"method"`
		Version  int    `json:"version"`
	} `json:"payment"`
}

// Order is the part of the saga's order that payment looks at.
type Order struct {
	OrderID string `json:"orderId"`
	Charge
	PlacedAt time.Time `json:"placedAt"`
	IntentID string    `json:"intentId"` // that a fact names; "" while none does
	Also     []Charge  `json:"also"`     // by other placed facts of the order that are known here
}

func (o Order) params() Params { return o.payments()[0] }

// payments are the parameters of intents that can be paid: by the placed fact that counts here, then by the others.
func (o Order) payments() []Params {
	var out []Params
	for _, c := range append([]Charge{o.Charge}, o.Also...) {
		out = append(out, Params{Amount: c.Amount, Customer: c.Payment.Customer, Method: c.Payment.Method, OrderID: o.OrderID, Placed: c.PlacedRegion, Version: c.Payment.Version})
	}
	return out
}

// tombstones are parameters of intents that are made only to be cancelled, for each placed fact two, the second with less that the provider could refuse.
func (o Order) tombstones() []Params {
	var out []Params
	for _, p := range o.payments() {
		p.Method = ""
		noCustomer := p
		noCustomer.Customer = ""
		out = append(out, p, noCustomer)
	}
	return out
}

// customers are the order's customers at the provider: one, unless the shopper's token named another when the request came again.
func (o Order) customers() []string {
	var out []string
	for _, p := range o.payments() {
		if !slices.Contains(out, p.Customer) {
			out = append(out, p.Customer)
		}
	}
	return out
}

// isPlacedElsewhere reports whether a placed fact of another region than one is known.
func (o Order) isPlacedElsewhere(region string) bool {
	return slices.ContainsFunc(o.payments(), func(p Params) bool { return p.Placed != region })
}

// createTurns is how many keys an order has: one, and the others for when the provider answers it with server errors and keeps them.
const createTurns = 5

// createKey is the idempotency key under which all runs create the order's intent; turn counts the keys before it that are
// spent. Its "v1" is not the parameter version: two facts of different versions must still meet under one key.
func (o Order) createKey(turn int) string {
	key := "twofold-" + o.OrderID + "-create-v1"
	if turn == 0 {
		return key
	}
	return key + "-" + strconv.Itoa(turn)
}

// Decision is what a step answers. All fields are always there, because a state machine stumbles over missing ones.
type Decision struct {
	Decision     string      `json:"decision"` // authorized, action-required, captured or cancelled
	IntentID     string      `json:"intentId"`
	PlacedRegion string      `json:"placedRegion"` // whose placed fact is charged, by the intent's metadata
	CommittedBy  string      `json:"committedBy"`  // captured: the region whose capture was first
	Outcome      string      `json:"outcome"`      // cancelled: rejected or cancelled, by the intent's cancellation reason
	Code         string      `json:"code"`         // cancelled: why
	URL          string      `json:"url"`          // action-required: where the shopper authenticates
	Amount       money.Money `json:"amount"`       // captured: what was charged
}

// Reason is why a run wants the payment void.
type Reason struct {
	Outcome string `json:"outcome"` // rejected or cancelled
	Code    string `json:"code"`
}

// cancellation is the reason that the intent is cancelled with.
func (r Reason) cancellation() string {
	if r.Outcome == outcomeCancelled {
		return reasonCancelled
	}
	return reasonRejected
}

// decision is what a captured or cancelled intent means; false while it is neither. It is read off the intent alone: a run that finds the
// intent void does not know why, whatever brought it there. An intent that was cancelled by hand names no code.
func (i Intent) decision() (Decision, bool) {
	d := Decision{IntentID: i.ID, PlacedRegion: i.PlacedRegion}
	switch i.Status {
	case succeeded:
		d.Decision, d.CommittedBy, d.Amount = "captured", i.CommittedBy, money.Money{Amount: i.Received, Currency: i.Currency}
		if d.CommittedBy == "" { // captured by hand at the provider: both regions must name the same region
			d.CommittedBy = i.PlacedRegion
		}
		return d, true
	case canceled:
		d.Decision, d.Outcome, d.Code = "cancelled", outcomeRejected, voidedByHand
		switch {
		case i.CancellationReason == reasonCancelled:
			d.Outcome, d.Code = outcomeCancelled, "CancelRequested"
		case i.RejectedFor != "":
			d.Code = i.RejectedFor
		}
		return d, true
	}
	return Decision{}, false
}

// theIntent is the one of an order's intents that counts; the zero value if there is none. What is decided is decided, and a capture counts more than a cancellation.
// That an order has more than one is not to be. One that can be charged beside another that is not decided, and two that were charged, are refused
// loudly, until a person has cancelled one as a duplicate. Of several that are cancelled, or that nobody can pay, the first counts, for both regions.
func theIntent(orderID string, newestFirst []Intent) (Intent, error) {
	const open, unpayable Status = "open", "unpayable"
	of := map[Status][]Intent{}
	for _, i := range newestFirst {
		switch {
		case i.Status == canceled && i.CancellationReason == reasonDuplicate:
		case i.Status == canceled, i.Status == succeeded:
			of[i.Status] = append(of[i.Status], i)
		case i.Status == requiresPaymentMethod && !i.Tried: // an abort's, made only to be cancelled
			of[unpayable] = append(of[unpayable], i)
		default:
			of[open] = append(of[open], i)
		}
	}
	for _, kind := range []Status{succeeded, canceled, open, unpayable} {
		switch all := of[kind]; {
		case kind == succeeded && len(all) > 1, kind == open && len(all) > 0 && len(all)+len(of[unpayable]) > 1:
			return Intent{}, platform.Refuse(platform.Internal, "order "+orderID+" has several payment intents: "+ids(newestFirst))
		case len(all) > 0:
			return all[len(all)-1], nil
		}
	}
	return Intent{}, nil
}

func ids(all []Intent) string {
	out := make([]string, len(all))
	for n, i := range all {
		out[n] = i.ID
	}
	return strings.Join(out, ", ")
}

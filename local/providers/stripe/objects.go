package stripe

// intent is a PaymentIntent. Only methods of Provider that hold its mutex change one.
type intent struct {
	intentObject
	captures   int // successful captures, ever
	methodID   string
	chargeID   string
	allowHops  bool // redirects are allowed: confirmation needs a return_url
	returnURL  string
	authorized int64 // unix seconds of the authorization that waits for capture
}

// intentObject is a PaymentIntent as https://docs.stripe.com/api/payment_intents/object shows it.
type intentObject struct {
	ID                      string            `json:"id"`
	Object                  string            `json:"object"`
	Amount                  int64             `json:"amount"`
	AmountCapturable        int64             `json:"amount_capturable"`
	AmountReceived          int64             `json:"amount_received"`
	AutomaticPaymentMethods *automaticMethods `json:"automatic_payment_methods"`
	CanceledAt              *int64            `json:"canceled_at"`
	CancellationReason      *string           `json:"cancellation_reason"`
	CaptureMethod           string            `json:"capture_method"`
	ClientSecret            string            `json:"client_secret"`
	ConfirmationMethod      string            `json:"confirmation_method"`
	Created                 int64             `json:"created"`
	Currency                string            `json:"currency"`
	Customer                any               `json:"customer"` // id, expanded object or null
	Description             *string           `json:"description"`
	LastPaymentError        *Error            `json:"last_payment_error"`
	LatestCharge            any               `json:"latest_charge"`
	Livemode                bool              `json:"livemode"`
	Metadata                map[string]string `json:"metadata"`
	NextAction              *nextAction       `json:"next_action"`
	PaymentMethod           any               `json:"payment_method"`
	PaymentMethodTypes      []string          `json:"payment_method_types"`
	ReceiptEmail            *string           `json:"receipt_email"`
	Status                  string            `json:"status"`
}

type automaticMethods struct {
	AllowRedirects string `json:"allow_redirects"`
	Enabled        bool   `json:"enabled"`
}

type nextAction struct {
	Type          string        `json:"type"`
	RedirectToURL redirectToURL `json:"redirect_to_url"`
}

type redirectToURL struct {
	URL       string `json:"url"`
	ReturnURL string `json:"return_url,omitempty"`
}

// charge is one attempt to take the money.
type charge struct {
	ID             string            `json:"id"`
	Object         string            `json:"object"`
	Amount         int64             `json:"amount"`
	AmountCaptured int64             `json:"amount_captured"`
	AmountRefunded int64             `json:"amount_refunded"`
	Captured       bool              `json:"captured"`
	Created        int64             `json:"created"`
	Currency       string            `json:"currency"`
	Customer       any               `json:"customer"`
	FailureCode    *string           `json:"failure_code"`
	FailureMessage *string           `json:"failure_message"`
	Livemode       bool              `json:"livemode"`
	Metadata       map[string]string `json:"metadata"`
	Paid           bool              `json:"paid"`
	PaymentIntent  string            `json:"payment_intent"`
	PaymentMethod  string            `json:"payment_method"`
	Refunded       bool              `json:"refunded"`
	Status         string            `json:"status"`

	givenBack int64 // by refunds; a hold that was let go is not among it
}

type refund struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	Amount        int64             `json:"amount"`
	Charge        string            `json:"charge"`
	Created       int64             `json:"created"`
	Currency      string            `json:"currency"`
	Metadata      map[string]string `json:"metadata"`
	PaymentIntent string            `json:"payment_intent"`
	Reason        *string           `json:"reason"`
	Status        string            `json:"status"`
}

type customer struct {
	ID          string            `json:"id"`
	Object      string            `json:"object"`
	Created     int64             `json:"created"`
	Description *string           `json:"description"`
	Email       *string           `json:"email"`
	Livemode    bool              `json:"livemode"`
	Metadata    map[string]string `json:"metadata"`
	Name        *string           `json:"name"`
}

type methodObject struct {
	ID       string     `json:"id"`
	Object   string     `json:"object"`
	Card     cardObject `json:"card"`
	Customer *string    `json:"customer"`
	Livemode bool       `json:"livemode"`
	Type     string     `json:"type"`
}

type cardObject struct {
	Brand string `json:"brand"`
	Last4 string `json:"last4"`
}

type page[T any] struct {
	Object  string `json:"object"`
	URL     string `json:"url"`
	HasMore bool   `json:"has_more"`
	Data    []T    `json:"data"`
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// idOrNull is how a reference to another object is shown: its id, or null.
func idOrNull(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// view is the intent as a request wants to see it: a copy that later changes do not reach.
func (p *Provider) view(in *intent, ask params) *intentObject {
	out := in.intentObject
	out.PaymentMethod, out.LatestCharge = idOrNull(in.methodID), idOrNull(in.chargeID)
	if c := p.charges[in.chargeID]; c != nil && ask.expands("latest_charge") {
		shown := *c
		out.LatestCharge = &shown
	}
	if m, ok := p.methods[in.methodID]; ok && ask.expands("payment_method") {
		out.PaymentMethod = m.object(in.methodID)
	}
	if id, ok := in.Customer.(string); ok && ask.expands("customer") {
		shown := *p.customers[id]
		out.Customer = &shown
	}
	return &out
}

package carrier

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"twofold/local/core"
	"twofold/local/providers/keyring"
	"twofold/local/providers/webhook"
)

// The states of a shipment. A parcel is picked up (dispatched) only once it is released.
const (
	Booked     = "booked"
	Released   = "released"
	Dispatched = "dispatched"
	Delivered  = "delivered"
	Cancelled  = "cancelled"
)

// Address is where a parcel goes. Country is an ISO 3166-1 alpha-2 code.
type Address struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	PostalCode string `json:"postalCode"`
	Country    string `json:"country"`
}

// Booking is what a shipper asks for.
type Booking struct {
	Method  string  `json:"method"` // standard or express
	Name    string  `json:"name"`
	Address Address `json:"address"`
	Parcels any     `json:"parcels,omitempty"`
}

// Shipment is what the carrier answers.
type Shipment struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Status    string `json:"status"`
	Label     string `json:"label"`

	booking Booking
}

// Provider is the carrier: an http.Handler for both regions. Safe for many tasks.
type Provider struct {
	*keyring.Ring
	cloud *core.Cloud
	mux   *http.ServeMux

	mu        sync.Mutex
	shipments map[string]*Shipment
	order     []*Shipment
	faults    []*Fault
	keeper
}

// New makes a carrier without shipments, whose API key is key.
func New(cloud *core.Cloud, key string) *Provider {
	p := &Provider{cloud: cloud, Ring: keyring.New(key), mux: http.NewServeMux(), shipments: map[string]*Shipment{}}
	p.outbox = webhook.NewOutbox[Event](&p.mu)
	p.handle("PUT /v1/shipments/{reference}", "book", p.book)
	p.handle("GET /v1/shipments/{reference}", "retrieve", p.retrieve)
	p.handle("POST /v1/shipments/{reference}/release", "release", p.release)
	p.handle("POST /v1/shipments/{reference}/cancellation", "cancel", p.cancel)
	return p
}

// problem is a refusal with its HTTP status.
type problem struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func refuse(status int, code, format string, args ...any) *problem {
	return &problem{status, code, fmt.Sprintf(format, args...)}
}

// operation answers with a status and a shipment; p.mu is held.
type operation func(r *http.Request, reference string) (int, *Shipment, *problem)

// ServeHTTP answers one API request. It panics with http.ErrAbortHandler, which closes the
// connection, when a fault takes the answer away.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !p.Good(key) {
		write(w, http.StatusUnauthorized, refuse(0, "unauthorized", "the key is missing or wrong"))
		return
	}
	p.mux.ServeHTTP(w, r)
}

func (p *Provider) handle(pattern, name string, op operation) {
	p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		reference := r.PathValue("reference")
		fault := p.faultFor(name, reference)
		if fault.before(p.cloud, w, r) {
			return
		}
		status, shown, refused := p.run(op, r, reference)
		fault.after(p.cloud, r)
		if refused != nil {
			write(w, refused.Status, refused)
			return
		}
		write(w, status, shown)
	})
}

func (p *Provider) run(op operation, r *http.Request, reference string) (int, Shipment, *problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	status, s, refused := op(r, reference)
	if refused == nil {
		refused = p.flush()
	}
	if refused != nil {
		return 0, Shipment{}, refused
	}
	return status, *s, nil
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone does not read its answer
}

var (
	country   = regexp.MustCompile(`^[A-Z]{2}$`)
	reference = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

func (p *Provider) book(r *http.Request, ref string) (int, *Shipment, *problem) {
	var b Booking
	dec := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<16))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "invalid_request", "the booking cannot be read: %v", err)
	}
	if known := p.shipments[ref]; known != nil {
		if !reflect.DeepEqual(known.booking, b) {
			return 0, nil, refuse(http.StatusConflict, "reference_in_use", "%s was booked with other details", ref)
		}
		return http.StatusOK, known, nil
	}
	if refused := b.check(ref); refused != nil {
		return 0, nil, refused
	}
	id := p.cloud.Rand.UUID()
	made := &Shipment{ID: "shp_" + id, Reference: ref, Status: Booked, Label: "https://carrier.example/labels/" + id, booking: b}
	p.add(made)
	p.changed = made
	return http.StatusCreated, made, nil
}

// add files a shipment.
func (p *Provider) add(s *Shipment) {
	p.shipments[s.Reference] = s
	p.order = append(p.order, s)
}

func (b Booking) check(ref string) *problem {
	a := b.Address
	switch {
	case !reference.MatchString(ref):
		return refuse(http.StatusBadRequest, "invalid_request", "the reference must be 1 to 64 letters, digits, - or _")
	case b.Method != "standard" && b.Method != "express":
		return refuse(http.StatusBadRequest, "invalid_request", "method must be standard or express")
	case b.Name == "" || a.Line1 == "" || a.City == "" || a.PostalCode == "" || a.Country == "":
		return refuse(http.StatusBadRequest, "invalid_request", "name and address (line1, city, postalCode, country) are required")
	case !country.MatchString(a.Country) || a.Country == "ZZ" || a.Country == "XX":
		return refuse(http.StatusUnprocessableEntity, "service_unavailable_for_destination", "there is no service to %q", a.Country)
	case a.PostalCode == "UNDELIVERABLE":
		return refuse(http.StatusUnprocessableEntity, "undeliverable_address", "nothing can be delivered to this address")
	}
	return nil
}

func (p *Provider) find(ref string) (*Shipment, *problem) {
	if s := p.shipments[ref]; s != nil {
		return s, nil
	}
	return nil, refuse(http.StatusNotFound, "not_found", "there is no shipment %s", ref)
}

func (p *Provider) retrieve(_ *http.Request, ref string) (int, *Shipment, *problem) {
	s, refused := p.find(ref)
	return http.StatusOK, s, refused
}

func (p *Provider) release(_ *http.Request, ref string) (int, *Shipment, *problem) {
	s, refused := p.find(ref)
	switch {
	case refused != nil:
		return 0, nil, refused
	case s.Status == Cancelled:
		return 0, nil, refuse(http.StatusConflict, "cancelled", "shipment %s is cancelled", ref)
	case s.Status == Booked:
		s.Status = Released
		p.changed = s
	}
	return http.StatusOK, s, nil
}

func (p *Provider) cancel(_ *http.Request, ref string) (int, *Shipment, *problem) {
	s, refused := p.find(ref)
	switch {
	case refused != nil:
		return 0, nil, refused
	case s.Status == Dispatched || s.Status == Delivered:
		return 0, nil, refuse(http.StatusConflict, "picked_up", "shipment %s is %s", ref, s.Status)
	}
	s.Status = Cancelled
	p.changed = s
	return http.StatusOK, s, nil
}

// Shipments are all shipments in the order of their booking.
func (p *Provider) Shipments() []Shipment {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Shipment, len(p.order))
	for i, s := range p.order {
		out[i] = *s
	}
	return out
}

// Dispatch plays the pick-up of a released parcel.
func (p *Provider) Dispatch(ref string) error { return p.advance(ref, Released, Dispatched) }

// Deliver plays the delivery of a parcel that was picked up.
func (p *Provider) Deliver(ref string) error { return p.advance(ref, Dispatched, Delivered) }

func (p *Provider) advance(ref, from, to string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.shipments[ref]
	if s == nil {
		return fmt.Errorf("there is no shipment %s", ref)
	}
	if s.Status != from {
		return fmt.Errorf("shipment %s is %s: it cannot become %s", ref, s.Status, to)
	}
	s.Status = to
	p.changed = s
	p.happened = &Event{ID: "evt_" + p.cloud.Rand.UUID(), Type: "shipment." + to, Reference: ref, At: p.cloud.Now()}
	if refused := p.flush(); refused != nil {
		return errors.New(refused.Message)
	}
	return nil
}

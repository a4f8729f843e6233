package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"twofold/local/core"
	"twofold/local/providers/keyring"
	"twofold/local/providers/webhook"
)

// Provider is the account at the provider: an http.Handler for both regions. Safe for many tasks.
type Provider struct {
	*keyring.Ring
	cloud *core.Cloud

	mu         sync.Mutex
	endpoints  []*endpoint
	newSender  func(url, secret string, types []string) *webhook.Sender
	intents    map[string]*intent
	order      []*intent // as created
	byCustomer map[string][]*intent
	charges    map[string]*charge
	refunds    []*refund
	customers  map[string]*customer
	methods    map[string]card // payment methods made from test ones
	answers    map[string]*answer
	purged     int64
	events     []Event
	faults     []*Fault
	keeper
}

// New makes an empty account whose secret key is key.
func New(cloud *core.Cloud, key string) *Provider {
	p := &Provider{cloud: cloud, Ring: keyring.New(key), intents: map[string]*intent{}, byCustomer: map[string][]*intent{},
		charges: map[string]*charge{}, customers: map[string]*customer{}, methods: map[string]card{},
		answers: map[string]*answer{}}
	p.outbox = webhook.NewOutbox[Event](&p.mu)
	return p
}

// maxBody bounds a request; Stripe's own requests are far smaller.
const maxBody = 1 << 20

// ServeHTTP answers one API request. It panics with http.ErrAbortHandler, which closes the
// connection, when a fault takes the answer away.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := p.read(r)
	if err != nil {
		p.write(w, nil, replyError(err))
		return
	}
	fault := p.faultFor(req)
	if fault.Kind == Unreachable {
		panic(http.ErrAbortHandler)
	}
	out := p.answer(r, req, fault)
	if fault.Kind == LoseAnswer {
		panic(http.ErrAbortHandler)
	}
	if fault.Kind == LateAnswer {
		p.delay(r, fault)
	}
	p.write(w, req, out)
}

// delay holds a request up. A caller that stops waiting, or whose region is lost, does not stop the
// provider: the request goes on, which is what makes a time-out at a provider ambiguous.
func (p *Provider) delay(r *http.Request, f Fault) {
	_ = p.cloud.Sleep(context.WithoutCancel(r.Context()), f.Delay)
}

// request is one call, authenticated and routed.
type request struct {
	op     operation
	method string
	path   string
	id     string // the object named in the path
	params params
	key    string // Idempotency-Key of a POST
}

func (p *Provider) read(r *http.Request) (*request, *Error) {
	if err := p.authenticate(r); err != nil {
		return nil, err
	}
	req := &request{method: r.Method, path: r.URL.Path}
	var ok bool
	if req.op, req.id, ok = route(r.Method, r.URL.Path); !ok {
		return nil, &Error{Status: http.StatusNotFound, Type: invalidRequest,
			Message: "Unrecognized request URL (" + r.Method + ": " + r.URL.Path + "). The stand-in does not run it."}
	}
	values, err := formOf(r)
	if err != nil {
		return nil, err
	}
	req.params = params{values: values}
	if r.Method == http.MethodPost {
		req.key = r.Header.Get("Idempotency-Key")
	}
	if len(req.key) > 255 {
		return nil, badRequest("", "", "Idempotency keys can be at most 255 characters long.")
	}
	return req, nil
}

func (p *Provider) authenticate(r *http.Request) *Error {
	key, basic := "", false
	if key, _, basic = r.BasicAuth(); !basic {
		key, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	if key == "" {
		return &Error{Status: http.StatusUnauthorized, Type: invalidRequest, Message: "You did not provide an API key. " +
			"Provide it in the Authorization header, as a bearer token or as the user of basic authentication."}
	}
	if !p.Good(key) {
		return &Error{Status: http.StatusUnauthorized, Type: invalidRequest,
			Message: "Invalid API Key provided: " + key[:min(8, len(key))] + "***"}
	}
	return nil
}

// answer is a finished or running request under an idempotency key, or just an answer.
type answer struct {
	status   int
	body     []byte
	replayed bool

	running     bool
	fingerprint string
	requestID   string
	saved       int64 // unix seconds
}

// answer executes a request, or replays what its idempotency key stands for.
func (p *Provider) answer(r *http.Request, req *request, fault Fault) answer {
	if err := fault.refusal(); err != nil {
		return replyError(err)
	}
	if old, err := p.begin(req); err != nil {
		return replyError(err)
	} else if old != nil {
		return *old
	}
	if fault.Kind == Slow {
		p.delay(r, fault)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	body, err := p.execute(req, fault)
	out := replyError(err)
	if err == nil {
		out = reply(body)
	}
	out.requestID = p.id("req_", 14)
	p.finish(req, out, err)
	if err := p.flush(); err != nil {
		return replyError(err)
	}
	return out
}

// execute runs the operation; p.mu is held.
func (p *Provider) execute(req *request, fault Fault) (any, *Error) {
	if err := req.params.check(req.op.accepts); err != nil {
		return nil, err
	}
	if fault.Kind == ServerError {
		return nil, &Error{Status: http.StatusInternalServerError, Type: "api_error", executed: true,
			Message: "An unknown error occurred."}
	}
	if fault.Kind == Decline {
		req.params.decline = fault.decline()
	}
	return req.op.run(p, req)
}

func reply(body any) answer {
	text, err := json.Marshal(body)
	if err != nil {
		return replyError(&Error{Status: http.StatusInternalServerError, Type: "api_error", Message: err.Error()})
	}
	return answer{status: http.StatusOK, body: text}
}

func (p *Provider) write(w http.ResponseWriter, req *request, a answer) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	original := a.requestID
	if original == "" || a.replayed {
		a.requestID = p.id("req_", 14)
	}
	h.Set("Request-Id", a.requestID)
	if req != nil && req.key != "" {
		h.Set("Idempotency-Key", req.key)
	}
	if a.replayed {
		h.Set("Idempotent-Replayed", "true")
		h.Set("Original-Request", original)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone does not read its answer
}

// id draws an object id as long as Stripe's.
func (p *Provider) id(prefix string, n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	b := make([]byte, n)
	_, _ = p.cloud.Rand.Read(b) // never fails
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return prefix + string(b)
}

func (p *Provider) now() int64 { return p.cloud.Now().Unix() }

func readBody(r *http.Request) (string, *Error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return "", &Error{Status: http.StatusRequestEntityTooLarge, Type: invalidRequest, Message: "The request is too large."}
	}
	if err != nil {
		return "", badRequest("", "", "The request could not be read: %v", err)
	}
	return string(body), nil
}

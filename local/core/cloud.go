package core

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// Cloud is what the services of one local cloud share. Build it with New.
type Cloud struct {
	Scheduler
	Rand    *Rand
	Faults  *Faults
	Journal *Journal
	Meter   *Meter

	mu         sync.RWMutex
	services   map[string]Service
	authorizer Authorizer
	principals map[string]Principal // by access key id
}

// Authorizer decides whether a principal may act. local/iam is the one in use.
type Authorizer interface {
	// Allowed answers nil or an error that says why not.
	Allowed(p Principal, action, resource string, keys []ConditionKey) error
}

// RolePasser is an Authorizer that wants to know of roles that are handed to a service over the wire.
type RolePasser interface {
	PassRole(p Principal, roleARN string)
}

// New makes an empty cloud on a driver; the seed feeds everything that is drawn.
func New(s Scheduler, faults *Faults, seed uint64) *Cloud {
	return &Cloud{Scheduler: s, Rand: NewRand(seed), Faults: faults, Journal: NewJournal(s.Now), Meter: NewMeter(),
		services: map[string]Service{}, principals: map[string]Principal{}}
}

// Register puts a service behind its signing name.
func (c *Cloud) Register(signingName string, s Service) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.services[signingName] = s
}

// UseAuthorizer sets who decides; without one everything is allowed.
func (c *Cloud) UseAuthorizer(a Authorizer) { c.authorizer = a }

// PassRole tells the authorizer that p hands a role to a service in a call. Services say so for resources made over the wire,
// never for those of a template.
func (c *Cloud) PassRole(p Principal, roleARN string) {
	if a, ok := c.authorizer.(RolePasser); ok && roleARN != "" {
		a.PassRole(p, roleARN)
	}
}

// Credentials makes an access key for p. Calls signed with it are p's.
func (c *Cloud) Credentials(p Principal) (accessKeyID, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := fmt.Sprintf("ASIA%016d", len(c.principals)+1)
	c.principals[id] = p
	return id, "local"
}

// Authorize decides for a principal outside a Call (a pipe, a rule, a state machine) and
// journals a denial.
func (c *Cloud) Authorize(region string, p Principal, action, resource string, keys ...ConditionKey) error {
	if c.authorizer == nil || p.Operator() {
		return nil
	}
	if err := c.authorizer.Allowed(p, action, resource, keys); err != nil {
		msg := fmt.Sprintf("%s is not authorized to perform: %s on resource: %s because %v", p, action, resource, err)
		c.Journal.Add(Entry{Region: region, Kind: KindDenied, Subject: p.String(), Detail: action + " on " + resource})
		return &Error{Code: "AccessDeniedException", Message: "User: " + msg, Status: http.StatusBadRequest}
	}
	return nil
}

// Do sends a call to its service: faults first, then the service. Every path into a
// service, from the wire or from another service, comes through here.
func (c *Cloud) Do(ctx context.Context, call *Call) (*Reply, error) {
	c.mu.RLock()
	svc := c.services[call.Service]
	c.mu.RUnlock()
	if svc == nil {
		return nil, NotRun(call.Service, "any operation")
	}
	call.cloud = c
	if err := c.Faults.Before(ctx, call); err != nil {
		return nil, err
	}
	reply, err := svc.Handle(WithRegion(ctx, call.Region), call)
	if ferr := c.Faults.After(ctx, call); ferr != nil {
		return nil, ferr
	}
	return reply, err
}

// Encode gives status, headers and JSON of an answer, success or error alike.
func Encode(reply *Reply, err error) (int, http.Header, []byte) {
	if err != nil {
		return encodeError(err)
	}
	status, header := reply.Status, reply.Header
	if status == 0 {
		status = http.StatusOK
	}
	switch b := reply.Body.(type) {
	case nil:
		return status, header, nil
	case []byte:
		return status, header, b
	case json.RawMessage:
		return status, header, b
	}
	body, merr := json.Marshal(reply.Body)
	if merr != nil {
		return encodeError(merr)
	}
	return status, header, body
}

func encodeError(err error) (int, http.Header, []byte) {
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Code: "InternalFailure", Message: err.Error(), Status: http.StatusInternalServerError}
	}
	status := e.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	shape := map[string]any{"__type": e.Code, "message": e.Message}
	for k, v := range e.Fields {
		shape[k] = v
	}
	body, merr := json.Marshal(shape)
	if merr != nil {
		body = []byte(`{"__type":"InternalFailure"}`)
	}
	return status, http.Header{"X-Amzn-Errortype": {e.Code}}, body
}

package stripe

import "net/http"

// keyLife is how long an idempotency key is kept: Stripe promises at least 24 hours.
const keyLife = 24 * 60 * 60

// begin looks an idempotency key up. It gives the answer to replay; or an error when the key is in
// use or stands for other parameters; or neither, and then the request owns the key until finish.
func (p *Provider) begin(req *request) (*answer, *Error) {
	if req.key == "" {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.purge()
	fingerprint := req.path + "?" + req.params.values.Encode()
	old := p.answers[req.key]
	switch {
	case old == nil:
		p.answers[req.key] = &answer{running: true, fingerprint: fingerprint, saved: p.now()}
		return nil, nil
	case old.fingerprint != fingerprint:
		return nil, &Error{Status: http.StatusBadRequest, Type: "idempotency_error", Message: "Keys for idempotent requests " +
			"can only be used with the same parameters they were first used with. Try using a key other than '" + req.key +
			"' if you meant to execute a different request."}
	case old.running:
		return nil, &Error{Status: http.StatusConflict, Type: "idempotency_error", Code: "idempotency_key_in_use",
			DocURL:  docURL("idempotency_key_in_use"),
			Message: "There is currently another in-progress request using this idempotency key: " + req.key + ". Try again later."}
	}
	replay := *old
	replay.replayed = true
	return &replay, nil
}

// finish stores the answer under the request's key, or frees the key when the
// operation had not begun; p.mu is held.
func (p *Provider) finish(req *request, out answer, err *Error) {
	if req.key == "" {
		return
	}
	if err != nil && !err.executed {
		delete(p.answers, req.key)
		return
	}
	started := p.answers[req.key]
	out.fingerprint, out.saved = started.fingerprint, started.saved
	p.answers[req.key] = &out
	p.touch(keyed{req.key, &out})
}

// purge forgets expired keys, at most once a minute.
func (p *Provider) purge() {
	now := p.now()
	if now-p.purged < 60 {
		return
	}
	p.purged = now
	for key, a := range p.answers {
		if !a.running && now-a.saved >= keyLife {
			delete(p.answers, key)
		}
	}
}

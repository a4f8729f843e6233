package dynamodb

import (
	"crypto/sha256"
	"sync"
	"time"

	"twofold/local/core"
)

// tokens remembers the client request tokens of transactions that succeeded, by region, for ten minutes.
type tokens struct {
	mu    sync.Mutex
	known map[tokenKey]tokenUse
	order []tokenKey // oldest first
}

type tokenKey struct{ region, token string }

type tokenUse struct {
	at          time.Time
	fingerprint [sha256.Size]byte
}

// claim takes a token for a transaction. done is true when the same transaction has already been made.
func (t *tokens) claim(region, token string, ops []*operation, now time.Time) (done bool, err *core.Error) {
	if token == "" {
		return false, nil
	}
	print, k := fingerprint(ops), tokenKey{region, token}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
	if use, ok := t.known[k]; ok {
		if use.fingerprint != print {
			return false, core.Errorf("IdempotentParameterMismatchException",
				"The provided client token '%s' was already used with other request parameters", token)
		}
		return true, nil
	}
	t.known[k] = tokenUse{now, print}
	t.order = append(t.order, k)
	return false, nil
}

// release gives back the token of a transaction that failed.
func (t *tokens) release(region, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, tokenKey{region, token})
}

func (t *tokens) expire(now time.Time) {
	n := 0
	for ; n < len(t.order); n++ {
		use, ok := t.known[t.order[n]]
		if ok && now.Sub(use.at) <= tokenLife {
			break
		}
		delete(t.known, t.order[n])
	}
	t.order = t.order[n:]
}

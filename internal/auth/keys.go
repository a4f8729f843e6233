package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"

	"twofold/internal/platform"
)

// How the issuer is asked for its keys.
const (
	refreshAfter = 15 * time.Minute // a key that the issuer withdrew is refused after that, if the issuer can be reached
	askAtMost    = 10 * time.Second // at most one call in that time, whatever tokens say
	askWithin    = 3 * time.Second
	maxSet       = 1 << 20 // bytes
	minModulus   = 2048    // bits, of an RSA key (RFC 7518, section 3.3)
)

// keyCache holds the issuer's public keys. It is safe for concurrent use; two calls at once may both fetch.
type keyCache struct {
	url   string
	http  *http.Client
	clock platform.Clock
	log   *slog.Logger

	mu      sync.Mutex
	keys    map[string]publicKey // by id; nil until a set was read
	fetched time.Time            // when they were read
	asked   time.Time            // when the issuer was last called
}

// publicKey is a key and the one algorithm it is used with.
type publicKey struct {
	key       any
	algorithm string
}

// key is the issuer's key of an id. An id that is not known may be a new one: then the issuer is asked.
func (c *keyCache) key(ctx context.Context, id, algorithm string) (any, error) {
	if c.shallAsk(id) {
		if err := c.refresh(ctx); err != nil {
			c.log.Warn("keys not refreshed", "url", c.url, "error", err.Error())
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		return nil, platform.Refuse(platform.Unavailable, "the issuer's keys cannot be had")
	}
	k, ok := c.keys[id]
	if !ok || k.algorithm != algorithm {
		return nil, platform.Refuse(platform.Unauthorized, "the issuer has no such key for "+algorithm)
	}
	return k.key, nil
}

// shallAsk takes the right to ask the issuer, if it is time.
func (c *keyCache) shallAsk(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	_, known := c.keys[id]
	if (known && now.Sub(c.fetched) < refreshAfter) || (!c.asked.IsZero() && now.Sub(c.asked) < askAtMost) {
		return false
	}
	c.asked = now
	return true
}

func (c *keyCache) refresh(ctx context.Context) error {
	set, err := c.fetch(ctx)
	if err != nil {
		return err
	}
	keys := make(map[string]publicKey, len(set.Keys))
	for _, m := range set.Keys {
		k, err := usable(m)
		if err != nil {
			c.log.Info("key not used", "kid", m.KID, "error", err.Error())
			continue
		}
		keys[m.KID] = k
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys, c.fetched = keys, c.clock.Now()
	return nil
}

func (c *keyCache) fetch(ctx context.Context) (jwkset.JWKSMarshal, error) {
	var set jwkset.JWKSMarshal
	ctx, cancel := c.clock.WithTimeout(ctx, askWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return set, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return set, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxSet))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return set, err
	}
	if res.StatusCode != http.StatusOK {
		return set, fmt.Errorf("the issuer answered %s", res.Status)
	}
	err = json.Unmarshal(body, &set)
	return set, err
}

// usable makes a key to verify with; keys for other purposes, of other kinds or too weak are not.
func usable(m jwkset.JWKMarshal) (publicKey, error) {
	if m.USE != "" && m.USE != jwkset.UseSig {
		return publicKey{}, fmt.Errorf("it is for %q", m.USE)
	}
	// Certificates are not followed: the set comes from the issuer itself.
	jwk, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return publicKey{}, err
	}
	var k publicKey
	switch key := jwk.Key().(type) {
	case *rsa.PublicKey:
		k = publicKey{key, "RS256"}
		if key.N.BitLen() < minModulus {
			return publicKey{}, fmt.Errorf("its modulus has only %d bits", key.N.BitLen())
		}
	case *ecdsa.PublicKey:
		k = publicKey{key, "ES256"}
		if key.Curve != elliptic.P256() {
			return publicKey{}, errors.New("its curve is not P-256")
		}
	default:
		return publicKey{}, fmt.Errorf("keys of type %q are not used", m.KTY)
	}
	if m.ALG != "" && string(m.ALG) != k.algorithm {
		return publicKey{}, fmt.Errorf("it is for %q", m.ALG)
	}
	return k, nil
}

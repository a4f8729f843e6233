package apigateway

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"twofold/local/core"
)

// decimal is a number that a template may give as a string.
type decimal float64

func (d *decimal) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	if err != nil {
		return fmt.Errorf("%s is not a number", b)
	}
	*d = decimal(n)
	return nil
}

// methodSetting is one of a stage's MethodSettings.
type methodSetting struct {
	HttpMethod, ResourcePath                  string
	ThrottlingRateLimit, ThrottlingBurstLimit *decimal
	CachingEnabled                            core.Bool
	MetricsEnabled, DataTraceEnabled          json.RawMessage // no effect here
	LoggingLevel                              json.RawMessage // no effect here
}

// bucket is a token bucket: rate tokens a second, at most burst.
type bucket struct {
	rate, burst float64

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// take spends a token if there is one.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.filled.IsZero() {
		b.tokens = b.burst
	} else if passed := now.Sub(b.filled).Seconds(); passed > 0 {
		b.tokens = min(b.burst, b.tokens+passed*b.rate)
	}
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// compileSettings gives every method its bucket; limits of a stage hold for each of its methods
// by itself (api-gateway-request-throttling.html). A method without limits has none.
func compileSettings(settings []methodSetting, def *definition) (map[*method]*bucket, error) {
	out := map[*method]*bucket{}
	for _, s := range settings {
		if s.CachingEnabled {
			return nil, fmt.Errorf("the local cloud does not run caching")
		}
		if s.HttpMethod == "" || !strings.HasPrefix(s.ResourcePath, "/") {
			return nil, fmt.Errorf("a method setting needs HttpMethod and a ResourcePath that begins with /")
		}
	}
	for _, m := range def.methods {
		if b := bucketFor(m, settings); b != nil {
			out[m] = b
		}
	}
	return out, nil
}

// bucketFor takes the most exact setting: method and path, then all methods of the path, then all.
func bucketFor(m *method, settings []methodSetting) *bucket {
	encoded := "/" + strings.ReplaceAll(m.resource, "/", "~1")
	var found *methodSetting
	exactness := 0
	for i, s := range settings {
		path := s.ResourcePath == encoded || s.ResourcePath == m.resource
		rank := 0
		switch {
		case path && s.HttpMethod == m.verb:
			rank = 3
		case path && s.HttpMethod == "*":
			rank = 2
		case s.ResourcePath == "/*" && s.HttpMethod == "*":
			rank = 1
		}
		if rank > exactness {
			exactness, found = rank, &settings[i]
		}
	}
	if found == nil || found.ThrottlingRateLimit == nil || *found.ThrottlingRateLimit < 0 {
		return nil
	}
	b := &bucket{rate: float64(*found.ThrottlingRateLimit), burst: accountBurst}
	if found.ThrottlingBurstLimit != nil && *found.ThrottlingBurstLimit >= 0 {
		b.burst = float64(*found.ThrottlingBurstLimit)
	}
	return b
}

// accountBurst is the burst limit of an account in our regions, for a setting that names only a rate.
const accountBurst = 5000

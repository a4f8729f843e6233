package twofold

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// NewIdempotencyKey is a key for one order that somebody means to place. Keep it for as long as the order may be sent again.
func NewIdempotencyKey() string { return rand.Text() }

// NewResilient is a client of the API in all its regions. regions are base URLs, the nearest first; token gives the bearer token of each request.
// Options go to the generated client; change tunes the [Resilient] that sends its requests and may be nil.
func NewResilient(regions []string, token func(context.Context) (string, error), change func(*Resilient), opts ...ClientOption) (*ClientWithResponses, error) {
	if len(regions) == 0 {
		return nil, errors.New("twofold: give at least one region's base URL")
	}
	r := &Resilient{}
	for _, region := range regions {
		u, err := url.Parse(region)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("twofold: %q is no base URL (%v)", region, err)
		}
		r.regions = append(r.regions, u)
	}
	if change != nil {
		change(r)
	}
	authorize := func(ctx context.Context, req *http.Request) error {
		t, err := token(ctx)
		req.Header.Set("Authorization", "Bearer "+t)
		return err
	}
	return NewClientWithResponses(regions[0], append([]ClientOption{WithHTTPClient(r), WithRequestEditorFn(authorize)}, opts...)...)
}

// Resilient sends a request again, to the next region, where that cannot do harm: after a network failure, a time-out, and 429, 500, 502, 503
// and 504, if it is the same request when it comes twice. Such are GET, HEAD, PUT and DELETE, whatever has an
// Idempotency-Key, a cancellation (one wish, however often) and a receipt (its receiptId names it). A region that was not asked yet is
// asked at once; then pauses grow with full jitter, and a Retry-After is waited for. The region that answered last is asked
// first. When the tries are used up the last answer or failure is given as it is.
//
// Safe for many goroutines. Zero fields mean what is said beside them.
type Resilient struct {
	HTTP         HttpRequestDoer                                  // http.DefaultClient
	Attempts     int                                              // how often a request is sent at most, over all regions: 4
	Pause        time.Duration                                    // the longest pause before the second round, doubled with each: 200 ms
	LongestPause time.Duration                                    // no pause is longer, and a Retry-After beyond it ends the tries: 5 s
	Timeout      time.Duration                                    // of one try, with the body of its answer: 10 s
	Jitter       func() float64                                   // in [0,1): math/rand/v2's Float64
	Sleep        func(ctx context.Context, d time.Duration) error // the wall clock's

	regions   []*url.URL
	preferred atomic.Int64
}

// named are the paths whose POST names what it makes.
var named = regexp.MustCompile(`/v1/orders/[^/]+/cancellation$|/v1/products/[^/]+/receipts$`)

func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != "" || named.MatchString(r.URL.Path)
}

func transient(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// Do implements HttpRequestDoer. The answer's body has been read: closing it is allowed and not needed.
func (r *Resilient) Do(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, err
	}
	first := r.preferred.Load()
	for attempt := 1; ; attempt++ {
		region := (first + int64(attempt) - 1) % int64(len(r.regions))
		res, err := r.once(req, body, r.regions[region])
		if err == nil && !transient(res.StatusCode) {
			r.preferred.Store(region)
			return res, nil
		}
		if req.Context().Err() != nil {
			return nil, req.Context().Err()
		}
		wait, worth := r.pauseAfter(attempt, res)
		if !worth || attempt >= or(r.Attempts, 4) || !repeatable(req) {
			return res, err
		}
		if err := r.sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	return body, errors.Join(err, req.Body.Close())
}

// once sends the request to one region: the same path below its base, query, headers and bytes.
func (r *Resilient) once(req *http.Request, body []byte, region *url.URL) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), or(r.Timeout, 10*time.Second))
	defer cancel()
	aimed := req.Clone(ctx)
	aimed.Body, aimed.GetBody, aimed.Host = nil, nil, ""
	if body != nil {
		aimed.Body, aimed.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	base := strings.TrimSuffix(r.regions[0].EscapedPath(), "/")
	target, err := url.Parse(strings.TrimSuffix(region.String(), "/") + strings.TrimPrefix(req.URL.EscapedPath(), base))
	if err != nil {
		return nil, err
	}
	target.RawQuery = req.URL.RawQuery
	aimed.URL = target
	var client HttpRequestDoer = http.DefaultClient
	if r.HTTP != nil {
		client = r.HTTP
	}
	res, err := client.Do(aimed)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// pauseAfter is how long to wait after a try, and whether the caller wants to wait that long. res is nil when there was no answer.
func (r *Resilient) pauseAfter(attempt int, res *http.Response) (time.Duration, bool) {
	if attempt < len(r.regions) {
		return 0, true
	}
	longest := or(r.LongestPause, 5*time.Second)
	if wanted, told := retryAfter(res); told {
		return wanted, wanted <= longest
	}
	jitter := mathrand.Float64
	if r.Jitter != nil {
		jitter = r.Jitter
	}
	round := min(attempt/len(r.regions)-1, 16)
	return time.Duration(jitter() * float64(min(longest, or(r.Pause, 200*time.Millisecond)<<round))), true
}

// retryAfter reads Retry-After: seconds or a date (RFC 9110, 10.2.3).
func retryAfter(res *http.Response) (time.Duration, bool) {
	if res == nil {
		return 0, false
	}
	text := res.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(text)
	return max(0, time.Until(at)), err == nil
}

func (r *Resilient) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func or[T int | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

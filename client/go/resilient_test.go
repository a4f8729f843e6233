package twofold_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	twofold "twofold/client/go"
)

const orderID = "ord_mfzwizlooqqho3tpnvqxi2lomq"

// region is an API that gives its answers in turn, the last one again and again, and remembers what it was asked.
type region struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string // method, path, key, token and body
}

type answer func(w http.ResponseWriter)

func newRegion(t *testing.T, answers ...answer) *region {
	t.Helper()
	r := &region{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.seen = append(r.seen, strings.Join([]string{req.Method, req.URL.RequestURI(), req.Header.Get("Idempotency-Key"), req.Header.Get("Authorization"), string(body)}, " "))
		next := answers[min(len(r.seen), len(answers))-1]
		r.mu.Unlock()
		next(w)
	}))
	t.Cleanup(r.CloseClientConnections)
	t.Cleanup(r.Close)
	return r
}

func (r *region) asked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.seen...)
}

func says(status int, header ...string) answer {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		if _, err := fmt.Fprintf(w, `{"orderId":%q,"state":"PLACED"}`, orderID); err != nil {
			panic(err)
		}
	}
}

// dies takes the request and breaks the connection, as a region that is lost in that moment.
func dies(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// client asks the regions and notes the pauses that it would have made.
func client(t *testing.T, change func(*twofold.Resilient), regions ...*region) (*twofold.ClientWithResponses, *[]time.Duration) {
	t.Helper()
	var urls []string
	for _, r := range regions {
		urls = append(urls, r.URL)
	}
	pauses := &[]time.Duration{}
	c, err := twofold.NewResilient(urls, func(context.Context) (string, error) { return "t", nil }, func(r *twofold.Resilient) {
		r.Jitter = func() float64 { return 0.5 }
		r.Sleep = func(_ context.Context, d time.Duration) error { *pauses = append(*pauses, d); return nil }
		if change != nil {
			change(r)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, pauses
}

func place(t *testing.T, c *twofold.ClientWithResponses) (*twofold.PlaceOrderResponse, error) {
	t.Helper()
	return c.PlaceOrderWithResponse(t.Context(), &twofold.PlaceOrderParams{IdempotencyKey: twofold.NewIdempotencyKey()}, twofold.NewOrder{Currency: "EUR"})
}

func TestAnOrderThatARegionTookAndDidNotAnswerIsSentAgainAsItWas(t *testing.T) {
	east, west := newRegion(t, dies), newRegion(t, says(202))
	c, _ := client(t, nil, east, west)
	res, err := place(t, c)
	if err != nil || res.JSON202 == nil || res.JSON202.OrderId != orderID {
		t.Fatalf("%+v, %v", res, err)
	}
	if len(east.asked()) != 1 || len(west.asked()) != 1 || east.asked()[0] != west.asked()[0] {
		t.Errorf("east was asked %q, west %q", east.asked(), west.asked())
	}
	if !strings.Contains(west.asked()[0], "Bearer t") || !strings.HasPrefix(west.asked()[0], "POST /v1/orders ") {
		t.Errorf("west was asked %q", west.asked())
	}
}

func TestTheRegionThatAnsweredIsAskedFirst(t *testing.T) {
	east, west := newRegion(t, says(503)), newRegion(t, says(200))
	c, _ := client(t, nil, east, west)
	for range 3 {
		if res, err := c.GetOrderWithResponse(t.Context(), orderID); err != nil || res.JSON200 == nil {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	if len(east.asked()) != 1 || len(west.asked()) != 3 {
		t.Errorf("east was asked %d times, west %d", len(east.asked()), len(west.asked()))
	}
}

func TestPausesGrowByTheRoundAndTheTriesEnd(t *testing.T) {
	east, west := newRegion(t, says(503)), newRegion(t, says(500))
	c, pauses := client(t, func(r *twofold.Resilient) { r.Attempts, r.Pause = 7, 100*time.Millisecond }, east, west)
	res, err := place(t, c)
	if err != nil || res.StatusCode() != 503 {
		t.Fatalf("%+v, %v", res, err)
	}
	if got, want := fmt.Sprint(*pauses), "[0s 50ms 50ms 100ms 100ms 200ms]"; got != want {
		t.Errorf("pauses %s, want %s", got, want)
	}
	if n := len(east.asked()) + len(west.asked()); n != 7 {
		t.Errorf("sent %d times", n)
	}
}

func TestRetryAfterIsWaitedForWithinTheCallersPatience(t *testing.T) {
	for header, want := range map[string]string{"2": "[2s]", "3600": "[]", "nonsense": "[100ms]"} {
		c, pauses := client(t, nil, newRegion(t, says(429, "Retry-After", header), says(202)))
		if _, err := place(t, c); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(*pauses); got != want {
			t.Errorf("Retry-After %s: pauses %s, want %s", header, got, want)
		}
	}
}

func TestARefusalIsFinal(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 409, 412, 422} {
		east, west := newRegion(t, says(status)), newRegion(t, says(202))
		c, _ := client(t, nil, east, west)
		if res, err := place(t, c); err != nil || res.StatusCode() != status || len(west.asked()) != 0 {
			t.Errorf("%d: %+v, %v; west was asked %d times", status, res, err, len(west.asked()))
		}
	}
}

// TestOnlyWhatIsTheSameTwiceIsSentAgain: a POST without a key that names nothing could be done twice.
func TestOnlyWhatIsTheSameTwiceIsSentAgain(t *testing.T) {
	east := newRegion(t, dies)
	c, _ := client(t, nil, east)
	sent := func(what string, want int, call func() error) {
		t.Helper()
		before := len(east.asked())
		if err := call(); err == nil {
			t.Errorf("%s: no error", what)
		}
		if n := len(east.asked()) - before; n != want {
			t.Errorf("%s: sent %d times, want %d", what, n, want)
		}
	}
	sent("a webhook", 1, func() error {
		_, err := c.TakeCarrierWebhookWithResponse(t.Context(), &twofold.TakeCarrierWebhookParams{}, twofold.CarrierEvent{})
		return err
	})
	sent("a cancellation", 4, func() error { _, err := c.CancelOrderWithResponse(t.Context(), orderID); return err })
	sent("a receipt", 4, func() error {
		_, err := c.ReceiveStockWithResponse(t.Context(), "TEA", twofold.NewReceipt{})
		return err
	})
	sent("a product", 4, func() error {
		_, err := c.PutProductWithResponse(t.Context(), "TEA", &twofold.PutProductParams{}, twofold.ProductChange{})
		return err
	})
}

func TestASilentRegionIsGivenUpForTheNext(t *testing.T) {
	release := make(chan struct{})
	east, west := newRegion(t, func(http.ResponseWriter) { <-release }), newRegion(t, says(202))
	t.Cleanup(func() { close(release) })
	c, _ := client(t, func(r *twofold.Resilient) { r.Timeout = 100 * time.Millisecond }, east, west)
	if res, err := place(t, c); err != nil || res.JSON202 == nil {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestACallerThatGivesUpIsNotKeptWaiting(t *testing.T) {
	c, _ := client(t, func(r *twofold.Resilient) { r.Sleep = nil; r.Pause = time.Hour; r.LongestPause = time.Hour }, newRegion(t, says(503)))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := c.GetOrderWithResponse(ctx, orderID); err == nil || time.Since(begin) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(begin))
	}
}

func TestRegionsMayStandBelowABasePath(t *testing.T) {
	east, west := newRegion(t, says(503)), newRegion(t, says(200))
	c, err := twofold.NewResilient([]string{east.URL + "/prod", west.URL + "/other/"}, func(context.Context) (string, error) { return "t", nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	limit := 2
	if _, err := c.ListOrdersWithResponse(t.Context(), &twofold.ListOrdersParams{Limit: &limit}); err != nil {
		t.Fatal(err)
	}
	if got := east.asked()[0] + "|" + west.asked()[0]; got != "GET /prod/v1/orders?limit=2  Bearer t |GET /other/v1/orders?limit=2  Bearer t " {
		t.Errorf("asked %q", got)
	}
}

func TestRegionsThatAreNoURLsAreRefused(t *testing.T) {
	for _, regions := range [][]string{nil, {""}, {"api.shop.example"}, {"http://ok.example", ":"}} {
		if _, err := twofold.NewResilient(regions, nil, nil); err == nil {
			t.Errorf("%q was taken", regions)
		}
	}
}

func TestKeysDifferAndHaveTheDocumentedForm(t *testing.T) {
	a, b := twofold.NewIdempotencyKey(), twofold.NewIdempotencyKey()
	if a == b || len(a) > 64 || strings.Trim(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("%q and %q", a, b)
	}
}

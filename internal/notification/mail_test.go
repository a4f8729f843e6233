package notification

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

// post is everything around a mailer: the claims, the order service and SES.
type post struct {
	claims  map[Notice]claim
	person  Person
	unknown error
	refuse  error
	die     bool // the function dies between sending and marking
	sent    []string
}

type claim struct {
	state State
	at    time.Time
}

var errDied = errors.New("died")

func (p *post) Claim(_ context.Context, n Notice, now, lapsed time.Time) (State, error) {
	n.Reason = ""
	c, ok := p.claims[n]
	switch {
	case ok && c.state != Claimed:
		return c.state, nil
	case ok && !c.at.Before(lapsed):
		return Busy, nil
	}
	p.claims[n] = claim{Claimed, now}
	return Claimed, nil
}

func (p *post) Settle(_ context.Context, n Notice, to State) error {
	if p.die {
		return errDied
	}
	n.Reason = ""
	p.claims[n] = claim{state: to}
	return nil
}

func (p *post) Person(context.Context, string) (Person, error) { return p.person, p.unknown }

func (p *post) Send(_ context.Context, to string, _ Notice, m Mail) error {
	if p.refuse != nil {
		return p.refuse
	}
	p.sent = append(p.sent, to+": "+m.Subject)
	return nil
}

func newMailer(t *testing.T, region string) (mailer, *post, *clocktest.Clock) {
	t.Helper()
	p := &post{claims: map[Notice]claim{}, person: Person{Name: "Ada", Email: "ada@example.com"}}
	clock := clocktest.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	return mailer{region: region, claims: p, persons: p, sender: p, clock: clock}, p, clock
}

func body(detailType, detail string) json.RawMessage {
	return json.RawMessage(`{"version":"0","id":"e1","source":"twofold.order","detail-type":"` + detailType + `","detail":` + detail + `}`)
}

const confirmedEast = `{"orderId":"ord_1","committedBy":"us-east-1","region":"us-west-2","placedRegion":"us-west-2"}`

func TestEachClosingFactIsMailedByOneRegion(t *testing.T) {
	cases := []struct {
		name, detailType, detail string
		mailedBy                 string
	}{
		{"confirmed by who committed, whoever wrote it", "OrderConfirmed", confirmedEast, east},
		{"rejected by who wrote it", "OrderRejected", `{"orderId":"ord_1","reason":"PaymentDeclined","region":"us-west-2"}`, west},
		{"cancelled by who wrote it", "OrderCancelled", `{"orderId":"ord_1","reason":"CancelRequested","region":"us-east-1"}`, east},
		{"a refused cancellation by who wrote it", "OrderCancelRefused", `{"orderId":"ord_1","reason":"AlreadyDispatched","region":"us-east-1"}`, east},
		{"dispatched by who wrote it", "OrderDispatched", `{"orderId":"ord_1","region":"us-west-2","home":"us-east-1"}`, west},
		{"delivered by who wrote it", "OrderDelivered", `{"orderId":"ord_1","region":"us-east-1","home":"us-east-1"}`, east},
		{"refunded by who wrote it", "OrderRefunded", `{"orderId":"ord_1","region":"us-west-2","home":"us-west-2"}`, west},
	}
	for _, c := range cases {
		for _, region := range []string{east, west} {
			m, p, _ := newMailer(t, region)
			for range 3 { // delivered again
				if err := m.handle(t.Context(), body(c.detailType, c.detail)); err != nil {
					t.Fatal(err)
				}
			}
			if mailed := len(p.sent) == 1; mailed != (region == c.mailedBy) || len(p.sent) > 1 {
				t.Errorf("%s: %s sent %q", c.name, region, p.sent)
			}
		}
	}
}

func TestAClaimKeepsOthersAwayUntilItLapses(t *testing.T) {
	m, p, clock := newMailer(t, east)
	p.die = true
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	p.die = false
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); platform.CodeOf(err) != platform.Unavailable {
		t.Errorf("while it is claimed: %v", err)
	}
	clock.Add(lease + time.Second)
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); err != nil {
		t.Fatal(err)
	}
	if len(p.sent) != 2 {
		t.Errorf("sent %q: a run that died before it could say so is not trusted", p.sent)
	}
}

func TestAMailThatFailsIsTriedAgain(t *testing.T) {
	m, p, clock := newMailer(t, east)
	p.refuse = platform.Refuse(platform.Throttled, "the mail was not taken")
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); platform.CodeOf(err) != platform.Throttled {
		t.Errorf("got %v", err)
	}
	p.refuse = nil
	clock.Add(time.Minute) // the queue's visibility time-out
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); err != nil || len(p.sent) != 1 {
		t.Errorf("got %v, sent %q", err, p.sent)
	}
}

func TestAnErasedPersonGetsNoMail(t *testing.T) {
	m, p, _ := newMailer(t, east)
	p.person = Person{}
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); err != nil || len(p.sent) != 0 {
		t.Errorf("got %v, sent %q", err, p.sent)
	}
	if c := p.claims[Notice{OrderID: "ord_1", Kind: fact.Confirmed}]; c.state != Dropped {
		t.Errorf("the record is %s", c.state)
	}
}

func TestAPersonWhoIsNotSeenYetIsWaitedFor(t *testing.T) {
	m, p, _ := newMailer(t, east)
	p.unknown = platform.Refuse(platform.NotFound, "not seen in this region")
	if err := m.handle(t.Context(), body("OrderConfirmed", confirmedEast)); err == nil || len(p.claims) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestABadEventIsRefused(t *testing.T) {
	m, _, _ := newMailer(t, east)
	for name, raw := range map[string]json.RawMessage{
		"no event": json.RawMessage(`"x"`), "unknown type": body("OrderPlaced", `{}`), "broken detail": body("OrderConfirmed", `{"orderId":1}`),
	} {
		if err := m.handle(t.Context(), raw); platform.CodeOf(err) != platform.InvalidRequest {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

var update = flag.Bool("update", false, "write the golden mails anew")

func TestMailsReadAsTheGoldenOnes(t *testing.T) {
	notices := map[string]Notice{
		"confirmed": {Kind: fact.Confirmed}, "cancelled": {Kind: fact.Cancelled, Reason: "CancelRequested"},
		"dispatched": {Kind: fact.Dispatched}, "delivered": {Kind: fact.Delivered}, "refunded": {Kind: fact.Refunded},
		"rejected-stock":    {Kind: fact.Rejected, Reason: "InsufficientStock"},
		"rejected-payment":  {Kind: fact.Rejected, Reason: "PaymentDeclined"},
		"rejected-shipment": {Kind: fact.Rejected, Reason: "ShipmentUnavailable"},
		"rejected-expired":  {Kind: fact.Rejected, Reason: "AuthenticationExpired"},
		"cancel-refused":    {Kind: fact.CancelRefused, Reason: "AlreadyDispatched"},
		"rejected-other":    {Kind: fact.Rejected, Reason: "PaymentVoided"},
	}
	for name, n := range notices {
		t.Run(name, func(t *testing.T) {
			n.OrderID = "ord_abcdefghijklmnopqrstuvwxyz"
			m, err := compose(n, "Ada <b>Lovelace</b>")
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(m.HTML, "<b>") {
				t.Error("the name is not escaped in HTML")
			}
			golden(t, name, "Subject: "+m.Subject+"\n\n"+m.Text+"\n----\n"+m.HTML)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAKindThatIsNotMailedIsAnError(t *testing.T) {
	if _, err := compose(Notice{Kind: fact.Placed}, "Ada"); err == nil {
		t.Error("a mail was made for it")
	}
}

func TestWhateverAShopperIsCalledStaysTextInTheMail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"{order}", "{body}", "<script>x</script>", `"' onload=x`, "&lt;"})).Draw(t, "name")
		m, err := compose(Notice{OrderID: "ord_1", Kind: fact.Delivered}, name)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(m.HTML, "<p>Hello ")
		shown, _, _ := strings.Cut(rest, ",</p>\n<p>The carrier")
		if strings.ContainsAny(shown, `<>"'`) || html.UnescapeString(shown) != name {
			t.Fatalf("%q is shown as %q", name, shown)
		}
		if !strings.HasPrefix(m.Text, "Hello "+name+",\n\nThe carrier") {
			t.Fatalf("the text part is %q", m.Text)
		}
	})
}

func TestEveryMailedKindHasAnEventThatIsRead(t *testing.T) {
	for kind := range wordings {
		n, region, err := read(body(kind.DetailType(), `{"orderId":"ord_1","region":"us-east-1","committedBy":"us-east-1"}`))
		if err != nil || n.Kind != kind || n.OrderID != "ord_1" || region != east {
			t.Errorf("%s: got %+v, %q, %v", kind, n, region, err)
		}
	}
}

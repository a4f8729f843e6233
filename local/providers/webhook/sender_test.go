package webhook

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"twofold/local/core"
)

type event struct {
	ID string `json:"id"`
}

// arrival is a request as the endpoint sees it.
type arrival struct {
	after     time.Duration
	body      string
	signature string
}

// endpoint refuses the first requests and takes the rest.
type endpoint struct {
	sim     *core.Sim
	begin   time.Time
	refuses int
	got     []arrival
}

func (e *endpoint) post(_ context.Context, body []byte, h http.Header) error {
	e.got = append(e.got, arrival{e.sim.Now().Sub(e.begin), string(body), h.Get("X-Signature")})
	if e.refuses > 0 {
		e.refuses--
		return errors.New("503")
	}
	return nil
}

func start(refuses int) (*Sender, *endpoint) {
	faults := core.NewFaults(0)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sim := core.NewSim(begin, faults, 1)
	e := &endpoint{sim: sim, begin: begin, refuses: refuses}
	return New(context.Background(), core.New(sim, faults, 1), Config{Name: "stripe", Header: "X-Signature", Secret: "whsec_1", Types: []string{"paid", "void"}, Post: e.post}), e
}

func (e *endpoint) run(d time.Duration) []time.Duration {
	e.sim.RunUntil(e.begin.Add(d), func() bool { return false })
	var after []time.Duration
	for _, a := range e.got {
		after = append(after, a.after)
	}
	return after
}

func TestAnEventIsSentUntilItIsTaken(t *testing.T) {
	s, e := start(8)
	s.Send("paid", event{"evt_1"})
	if s.Pending() != 1 {
		t.Errorf("%d pending", s.Pending())
	}
	seconds := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}
	for i := range seconds {
		seconds[i] *= time.Second
	}
	if got := e.run(time.Hour); !slices.Equal(got, seconds) || s.Pending() != 0 {
		t.Errorf("sent at %v, want %v; %d pending", got, seconds, s.Pending())
	}
	for _, a := range e.got {
		if want := Sign([]byte(`{"id":"evt_1"}`), "whsec_1", e.begin.Add(a.after)); a.body != `{"id":"evt_1"}` || a.signature != want {
			t.Errorf("%+v is not signed at its own time", a)
		}
	}
}

func TestAnEventThatNobodyTakesIsGivenUpAfterThreeDays(t *testing.T) {
	s, e := start(1 << 30)
	s.Send("paid", event{"evt_1"})
	got := e.run(5 * 24 * time.Hour)
	if last := got[len(got)-1]; last < giveUp || last > giveUp+longestPause || s.Pending() != 0 || s.cloud.Journal.Count(core.KindDropped) != 1 {
		t.Errorf("the last attempt was after %v, %d pending, %d dropped", last, s.Pending(), s.cloud.Journal.Count(core.KindDropped))
	}
}

func TestEventsCanBeLateAndDoubled(t *testing.T) {
	s, e := start(0)
	s.Inject(Fault{Type: "void", Delay: 10 * time.Minute, Copies: 2, Times: 1})
	s.Send("void", event{"evt_1"})
	s.Send("void", event{"evt_2"})
	if got, want := e.run(time.Hour), []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute}; !slices.Equal(got, want) {
		t.Errorf("sent at %v, want %v", got, want)
	}
	if e.got[0].body != `{"id":"evt_2"}` || e.got[3].body != `{"id":"evt_1"}` {
		t.Errorf("arrived: %+v", e.got)
	}
}

func TestOnlyWhatTheEndpointWantsIsSent(t *testing.T) {
	s, e := start(0)
	s.Send("created", event{"evt_1"})
	var nobody *Sender
	nobody.Send("paid", event{"evt_1"})
	if got := e.run(time.Hour); len(got) != 0 {
		t.Errorf("sent at %v", got)
	}
}

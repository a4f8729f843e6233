package webhook

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"
)

func (e event) Named() (id, kind string) { return e.ID, "paid" }

// note is an entry as a provider keeps it.
type note struct {
	Event *event `json:"event,omitempty"`
	Sent  string `json:"sent,omitempty"`
}

// shelf is a log that outlives an outbox.
type shelf struct {
	lines  []string
	broken error
}

func (s *shelf) log(line []byte) error {
	if s.broken == nil {
		s.lines = append(s.lines, string(line))
	}
	return s.broken
}

// open is the outbox of a process that starts from the log, with an endpoint that refuses so many requests.
func (s *shelf) open(t *testing.T, refuses int) (*Outbox[event], *endpoint) {
	t.Helper()
	o := NewOutbox[event](new(sync.Mutex))
	for _, line := range s.lines {
		var n note
		if err := json.Unmarshal([]byte(line), &n); err != nil {
			t.Fatal(err)
		}
		var waiting []event
		if n.Event != nil {
			waiting = append(waiting, *n.Event)
		}
		o.Load(n.Sent, waiting...)
	}
	sender, e := start(refuses)
	o.Notify(sender)
	o.Keep(s.log)
	return o, e
}

// tell records an event and sends it.
func tell(t *testing.T, o *Outbox[event], e event) {
	t.Helper()
	if err := o.Record(note{Event: &e}); err != nil {
		t.Fatal(err)
	}
	o.Send(e)
}

func TestWhatWasNotAnsweredIsSentByTheNextProcess(t *testing.T) {
	log := &shelf{}
	o, e := log.open(t, 1<<30)
	tell(t, o, event{"evt_1"})
	tell(t, o, event{"evt_2"})
	if got := e.run(time.Second / 2); len(got) != 2 {
		t.Fatalf("sent at %v", got)
	}
	o, e = log.open(t, 0)
	if got := o.Unsent(); !slices.Equal(got, []event{{"evt_1"}, {"evt_2"}}) {
		t.Fatalf("%v wait", got)
	}
	o.Resume()
	if got := e.run(time.Second); len(got) != 2 || len(o.Unsent()) != 0 {
		t.Errorf("sent at %v, %v wait", got, o.Unsent())
	}
	o, e = log.open(t, 0)
	o.Resume()
	if got := e.run(time.Hour); len(got) != 0 || len(o.Unsent()) != 0 {
		t.Errorf("what was answered is sent again at %v", got)
	}
}

func TestCopiesOfAnEventAreAnsweredOnceInTheLog(t *testing.T) {
	log := &shelf{}
	o, e := log.open(t, 0)
	o.hook.Inject(Fault{Copies: 2})
	tell(t, o, event{"evt_1"})
	e.run(time.Minute)
	if want := []string{`{"event":{"id":"evt_1"}}`, `{"sent":"evt_1"}`}; len(e.got) != 3 || !slices.Equal(log.lines, want) {
		t.Errorf("%d arrived, the log is %q", len(e.got), log.lines)
	}
}

func TestAfterAnErrorOfTheLogNothingIsKept(t *testing.T) {
	log := &shelf{broken: errors.New("no space left")}
	o, _ := log.open(t, 0)
	first := o.Record(note{Sent: "x"})
	log.broken = nil
	if again := o.Record(note{Sent: "y"}); !errors.Is(first, o.Failed()) || !errors.Is(again, first) || len(log.lines) != 0 {
		t.Errorf("%v, then %v; %q", first, again, log.lines)
	}
}

func TestWithoutALogEventsAreSentAndNotRemembered(t *testing.T) {
	o := NewOutbox[event](new(sync.Mutex))
	o.Send(event{"evt_1"}) // there is no endpoint
	sender, e := start(0)
	o.Notify(sender)
	if err := o.Record(note{Sent: "x"}); err != nil {
		t.Error(err)
	}
	o.Send(event{"evt_2"})
	if got := e.run(time.Minute); len(got) != 1 || len(o.Unsent()) != 0 || o.Keeps() {
		t.Errorf("sent at %v, %v wait", got, o.Unsent())
	}
}

func TestASnapshotEndsWithItsFirstError(t *testing.T) {
	log := &shelf{}
	if err := Snapshot([]event{{"a"}, {"b"}}, log.log); err != nil || !reflect.DeepEqual(log.lines, []string{`{"id":"a"}`, `{"id":"b"}`}) {
		t.Errorf("%v: %q", err, log.lines)
	}
	log.broken = errors.New("no space left")
	if err := Snapshot([]event{{"c"}}, log.log); !errors.Is(err, log.broken) {
		t.Errorf("%v", err)
	}
}

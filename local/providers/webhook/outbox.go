package webhook

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Event is what an Outbox sends, as JSON: its id, which is the same whenever it is sent, and its type.
type Event interface {
	Named() (id, kind string)
}

// Outbox keeps a provider's changes in a log before they are answered, and sends events until the endpoint has answered them, over restarts
// too if there is a log. Its methods are called with the provider's mutex held, but for [Outbox.Keep], [Outbox.Notify] and [Outbox.Resume].
type Outbox[E Event] struct {
	mu     *sync.Mutex              // the provider's
	log    func(entry []byte) error // nil keeps nothing
	failed error                    // why nothing can be kept any more
	hook   *Sender                  // nil while no endpoint is known
	unsent []E                      // that the endpoint wants and has not answered, when there is a log
}

// NewOutbox makes the outbox of a provider that mu guards.
func NewOutbox[E Event](mu *sync.Mutex) *Outbox[E] { return &Outbox[E]{mu: mu} }

// Keep has every change put into a log, as a line of JSON. After an error of log nothing is kept or sent any more.
func (o *Outbox[E]) Keep(log func(entry []byte) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log = log
}

// Notify sends events to an endpoint from now on.
func (o *Outbox[E]) Notify(s *Sender) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hook = s
}

// Keeps reports whether there is a log.
func (o *Outbox[E]) Keeps() bool { return o.log != nil }

// Wants reports whether the endpoint wants an event.
func (o *Outbox[E]) Wants(e E) bool {
	_, kind := e.Named()
	return o.hook.Wants(kind)
}

// Record puts an entry into the log, if there is one. An error is that of the first entry that could not be kept.
func (o *Outbox[E]) Record(entry any) error {
	if o.log == nil || o.failed != nil {
		return o.failed
	}
	line, err := json.Marshal(entry)
	if err == nil {
		err = o.log(line)
	}
	if err != nil {
		o.failed = fmt.Errorf("the change could not be kept: %w", err)
	}
	return o.failed
}

// Failed is why nothing can be kept any more; nil as long as it can.
func (o *Outbox[E]) Failed() error { return o.failed }

// Send sends an event until it is answered. With a log, the entry that tells of it was recorded before; that it was answered is recorded as
// {"sent": id}, which [Outbox.Load] takes back.
func (o *Outbox[E]) Send(e E) {
	if o.log != nil && o.Wants(e) {
		o.unsent = append(o.unsent, e)
	}
	o.send(e)
}

func (o *Outbox[E]) send(e E) {
	id, kind := e.Named()
	if o.log == nil {
		o.hook.Send(kind, e)
		return
	}
	o.hook.SendThen(kind, e, func() { o.answered(id) })
}

func (o *Outbox[E]) answered(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.drop(id) {
		_ = o.Record(map[string]string{"sent": id}) // Failed says so to the next request; the event is sent once more after a restart
	}
}

// drop reports whether the event was still to be answered.
func (o *Outbox[E]) drop(id string) bool {
	n := len(o.unsent)
	o.unsent = slices.DeleteFunc(o.unsent, func(e E) bool { known, _ := e.Named(); return known == id })
	return len(o.unsent) < n
}

// Load takes back what an entry of an earlier run says: events that waited for an answer, and the id of one that did so no longer ("" for none).
func (o *Outbox[E]) Load(sent string, waiting ...E) {
	o.unsent = append(o.unsent, waiting...)
	o.drop(sent)
}

// Unsent are the events that wait for an answer.
func (o *Outbox[E]) Unsent() []E { return slices.Clone(o.unsent) }

// Resume sends what an earlier run had not got answered, once there is somebody to answer.
func (o *Outbox[E]) Resume() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.unsent {
		o.send(e)
	}
}

// Snapshot gives entries to add as lines of JSON.
func Snapshot[Entry any](entries []Entry, add func(line []byte) error) error {
	for _, e := range entries {
		line, err := json.Marshal(e)
		if err == nil {
			err = add(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

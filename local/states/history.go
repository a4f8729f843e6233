package states

import (
	"strings"
	"time"
)

// event is one line of an execution's history.
type event struct {
	id, previous int64
	at           time.Time
	typ          string
	field        string // the member that holds the details, "" for none
	details      *object
}

// dataFields are the details left out when a caller asks for no execution data.
var dataFields = []string{"input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables", "assignedVariablesDetails"}

// json is the event as GetExecutionHistory gives it.
func (ev *event) json(includeData bool) *object {
	o := obj("timestamp", stamp(ev.at), "type", ev.typ, "id", number(ev.id), "previousEventId", number(ev.previous))
	if ev.field == "" {
		return o
	}
	details := ev.details
	if !includeData {
		details = &object{}
		for i, k := range ev.details.keys {
			if !isDataField(k) {
				details.set(k, ev.details.vals[i])
			}
		}
	}
	o.set(ev.field, details)
	return o
}

func isDataField(name string) bool {
	for _, f := range dataFields {
		if f == name {
			return true
		}
	}
	return false
}

// whole says that nothing of a text was cut off.
func whole() *object { return obj("truncated", false) }

// add records an event after the thread's last one and makes it the last. details is only
// called while a history is kept.
func (t *thread) add(typ string, details func() *object) int64 {
	t.previous = t.note(typ, details)
	return t.previous
}

// note records an event that the thread's next event does not follow.
func (t *thread) note(typ string, details func() *object) int64 {
	if t.group.isBroken() {
		return t.previous
	}
	return t.x.record(t.previous, typ, details)
}

// record appends an event and gives its id. Ids count also without a history, for causes name them.
func (x *execution) record(previous int64, typ string, details func() *object) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.status != running {
		return x.events
	}
	x.events++
	if x.recording && len(x.history) < maxHistory {
		x.append(previous, typ, details)
	}
	return x.events
}

// append adds to the history; the caller holds x.mu.
func (x *execution) append(previous int64, typ string, details func() *object) {
	ev := event{id: x.events, previous: previous, at: x.now(), typ: typ}
	if details != nil {
		ev.field, ev.details = detailsField(typ), details()
	}
	x.history = append(x.history, ev)
}

// full reports that only the closing event fits into the history.
func (x *execution) full() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.machine.typ == Standard && x.events >= maxHistory-1
}

// historyJSON is the history of an execution that has ended, as a JSON array.
func (x *execution) historyJSON() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make([]any, len(x.history))
	for i := range x.history {
		list[i] = x.history[i].json(true)
	}
	return appendJSON(nil, list)
}

// detailsField is the member of HistoryEvent that holds a type's details.
func detailsField(typ string) string {
	switch {
	case strings.HasSuffix(typ, "StateEntered"):
		return "stateEnteredEventDetails"
	case strings.HasSuffix(typ, "StateExited"):
		return "stateExitedEventDetails"
	}
	return strings.ToLower(typ[:1]) + typ[1:] + "EventDetails"
}

func inputDetails(name string, in *doc) func() *object {
	return func() *object { return obj("name", name, "input", in.String(), "inputDetails", whole()) }
}

// failureDetails are error and cause, without those that are not given.
func failureDetails(f *failure, more ...any) func() *object {
	return func() *object {
		o := &object{}
		if f.hasName {
			o.set("error", f.name)
		}
		if f.hasCause {
			o.set("cause", f.cause)
		}
		for i := 0; i < len(more); i += 2 {
			o.set(more[i].(string), more[i+1])
		}
		return o
	}
}

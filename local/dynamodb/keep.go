package dynamodb

import (
	"encoding/json"
	"strconv"
	"time"

	"twofold/local/core"
)

// Log takes one entry, a line of JSON, of what was done in a region. It returns once the entry outlives this process; an
// error means that it does not, and then what it tells is not done either. It must not block on the cloud's clock.
type Log func(region string, entry []byte) error

// logEntry is what a region's log says of one moment. What a transaction changed is one entry: it is there as a whole or not at all.
type logEntry struct {
	At      int64         `json:"at,omitempty"` // when it was done in this region, in nanoseconds
	Changes []savedChange `json:"changes,omitempty"`
	Buried  string        `json:"buried,omitempty"`  // a table whose deleted items are forgotten
	Emptied string        `json:"emptied,omitempty"` // a table of which nothing is left
}

// savedChange is a version of an item.
type savedChange struct {
	Table string           `json:"table"`
	Key   json.RawMessage  `json:"key"`
	Item  json.RawMessage  `json:"item,omitempty"` // none: it was deleted
	Stamp int64            `json:"stamp"`
	By    string           `json:"by"`             // the region that wrote it
	Seen  map[string]int64 `json:"seen,omitempty"` // of an item of a global table

	at int64
}

// newVersion is a version that a table takes over.
type newVersion struct {
	table *table
	row   *row
}

// keep puts changes in one region into its log, all or none. Their tables are locked.
func (s *Service) keep(now time.Time, changes ...newVersion) *core.Error {
	if s.options.Log == nil || len(changes) == 0 {
		return nil
	}
	b := append(make([]byte, 0, 1024), `{"at":`...)
	b = append(strconv.AppendInt(b, now.UnixNano(), 10), `,"changes":[`...)
	for i, c := range changes {
		if i > 0 {
			b = append(b, ',')
		}
		b = c.append(b)
	}
	return s.log(changes[0].table.region, append(b, `]}`...))
}

func (s *Service) log(region string, line []byte) *core.Error {
	if err := s.options.Log(region, line); err != nil {
		return &core.Error{Code: "InternalServerError", Message: "The change could not be kept: " + err.Error(), Status: 500}
	}
	return nil
}

// note puts what became of a whole table into the log. A log that fails has said so; the next change meets it again.
func (t *table) note(e logEntry) bool {
	if t.svc.options.Log == nil {
		return true
	}
	line, err := json.Marshal(e)
	if err == nil {
		if cerr := t.svc.log(t.region, line); cerr != nil {
			err = cerr
		}
	}
	if err != nil {
		t.svc.cloud.Journal.Add(core.Entry{Region: t.region, Kind: core.KindInternal, Subject: t.name, Detail: err.Error()})
	}
	return err == nil
}

// append writes a change as a savedChange is read.
func (c newVersion) append(b []byte) []byte {
	r := c.row
	a := answer{append(b, '{')}
	a.b = appendString(append(a.b, `"table":`...), c.table.name)
	if r.item == nil {
		a.item("key", r.id)
	} else {
		a.item("key", r.item.only(c.table.schema.keyNames()))
	}
	if r.item != nil {
		a.item("item", r.item)
	}
	a.b = strconv.AppendInt(append(a.b, `,"stamp":`...), r.at, 10)
	a.b = appendString(append(a.b, `,"by":`...), r.by)
	for i, s := range r.seen {
		a.b = append(a.b, map[bool]string{true: `,"seen":{`, false: `,`}[i == 0]...)
		a.b = append(appendString(a.b, s.by), ':')
		a.b = strconv.AppendInt(a.b, s.at, 10)
	}
	if len(r.seen) > 0 {
		a.b = append(a.b, '}')
	}
	return a.done()
}

package dynamodb

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// saved is what an earlier run left of a table in a region, by key.
type saved map[string]savedChange

// Load takes one entry of the log of an earlier run, in order, before anything is provisioned. A table takes over what is there
// of it when it is made; [Service.Resume] then goes on from there.
func (s *Service) Load(region string, line []byte) error {
	var e logEntry
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.saved, tableKey{region, e.Emptied})
	maps.DeleteFunc(s.saved[tableKey{region, e.Buried}], func(_ string, c savedChange) bool { return c.Item == nil })
	for _, c := range e.Changes {
		k := tableKey{region, c.Table}
		if s.saved[k] == nil {
			s.saved[k] = saved{}
		}
		c.at = e.At
		if c.Item == nil && c.Seen == nil {
			delete(s.saved[k], string(c.Key)) // nobody will ask after a deleted item of one region
			continue
		}
		s.saved[k][string(c.Key)] = c
	}
	return nil
}

// Snapshot gives what was loaded for a region as the shortest log that says the same.
func (s *Service) Snapshot(region string, add func(line []byte) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var names []string
	for k := range s.saved {
		if k.region == region {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false) // a key is found again by its bytes
	for _, name := range names {
		table := s.saved[tableKey{region, name}]
		for _, id := range slices.Sorted(maps.Keys(table)) {
			c := table[id]
			line.Reset()
			if err := e.Encode(logEntry{At: c.at, Changes: []savedChange{c}}); err != nil {
				return err
			}
			if err := add(bytes.TrimSuffix(line.Bytes(), []byte("\n"))); err != nil {
				return err
			}
		}
	}
	return nil
}

// restored is a row of an earlier run and when it came to be in its region.
type restored struct {
	row *row
	at  time.Time
}

// fill gives a new table what an earlier run left of it.
func (t *table) fill(left saved) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range left {
		r, err := t.rowOf(c)
		if err != nil {
			return fmt.Errorf("what was kept of table %s in %s cannot be taken over: %w", t.name, t.region, err)
		}
		t.last = max(t.last, r.at)
		for _, s := range r.seen {
			t.last = max(t.last, s.at)
		}
		if r.item == nil {
			t.graves[r.key] = r
			continue
		}
		t.store(nil, r)
		t.restored = append(t.restored, restored{r, time.Unix(0, c.at).UTC()})
	}
	slices.SortFunc(t.restored, func(a, b restored) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.row.stamp.at, b.row.stamp.at), cmp.Compare(a.row.key.hash, b.row.key.hash), cmp.Compare(a.row.key.sort, b.row.key.sort))
	})
	return nil
}

func (t *table) rowOf(c savedChange) (*row, error) {
	id, err := decodeSaved(c.Key)
	if err != nil {
		return nil, err
	}
	if problem := t.schema.misfit(id); problem != "" {
		return nil, fmt.Errorf("%s: %s", c.Key, problem)
	}
	r := &row{key: t.schema.keyOf(id), stamp: stamp{c.Stamp, c.By}}
	if c.Item == nil {
		r.id = id
	} else {
		if r.item, err = decodeSaved(c.Item); err != nil {
			return nil, err
		}
		r.size = r.item.size()
	}
	for by, at := range c.Seen {
		r.seen = withStamp(r.seen, stamp{at, by})
	}
	return r, nil
}

// misfit says why these are not the attributes of a key; "" if they are.
func (s *schema) misfit(id attributes) string {
	names := s.keyNames()
	for _, part := range []keyPart{s.hash, s.sort} {
		if v := id.get(part.name); part.name != "" && (v == nil || v.kind != part.kind) {
			return "the table's key has another " + part.name
		}
	}
	if len(id) != len(names) {
		return "the table has another key"
	}
	return ""
}

func decodeSaved(raw json.RawMessage) (attributes, error) {
	problem := ""
	s := scanner{text: string(raw)}
	item := s.attributes(func(name, p string) { problem = name + ": " + p }, 0, 8)
	if s.err != nil {
		return nil, s.err
	}
	if problem != "" {
		return nil, fmt.Errorf("%s", problem)
	}
	return item, nil
}

// Resume goes on where an earlier run was ended, once everything is deployed that reads streams. What may not have been
// consumed, or not have been replicated, is not known; so every item that was written in the last 24 hours is in its stream again,
// and every item is offered to the other replicas again, where one that is known changes nothing.
func (s *Service) Resume() {
	for _, t := range s.tablesOf("") {
		t.mu.Lock()
		t.tellAgain()
		for _, l := range t.links {
			l.pushAll()
		}
		t.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed = true
	for _, g := range s.groups {
		g.letGo()
	}
}

// tellAgain puts what was restored into the stream again, unless it has been replaced since.
func (t *table) tellAgain() {
	now := t.svc.cloud.Now()
	for _, r := range t.restored {
		if t.stream != nil && now.Sub(r.at) <= retention && sameItem(t.find(r.row.key), r.row) {
			t.stream.append(r.at, nil, r.row, false)
		}
	}
	t.restored = nil
}

// pushAll queues everything that the source has, and what it has deleted; the source is locked.
func (l *link) pushAll() {
	l.from.items.Scan(func(r *row) bool { l.push(r); return true })
	deleted := slices.SortedFunc(maps.Values(l.from.graves), func(a, b *row) int { return cmp.Compare(a.stamp.at, b.stamp.at) })
	for _, r := range deleted {
		l.push(r)
	}
}

// hold keeps the replicas from forgetting deleted items before they have been offered again.
func (g *group) hold() {
	g.held = true
	g.pending.Add(1)
}

func (g *group) letGo() {
	if g.held {
		g.held = false
		g.pending.Add(-1)
	}
}

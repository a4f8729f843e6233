package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"

	"twofold/local/core"
)

// retention is how long a stream keeps a record.
const retention = 24 * time.Hour

// StreamRecord is one record of a stream, for pipes and event source mappings.
type StreamRecord struct {
	Seq  uint64          // position in the stream, from 1 without gaps
	JSON json.RawMessage // as Lambda and Pipes get it; encoded once and shared: not to be changed
}

// stream is the change log of one table in one region; the table's mutex guards it.
type stream struct {
	arn     string
	label   string
	view    string
	region  string
	keys    []string // names of the table's key attributes
	created time.Time
	records []*change
	next    uint64
	waiting []core.Signal
}

// change is one record of a stream. The table's old and new version are kept and encoded when somebody reads.
type change struct {
	stream   *stream
	seq      uint64
	at       time.Time
	old, new *row
	service  bool // made by DynamoDB itself: TTL

	once sync.Once
	json json.RawMessage
}

func newStream(t *table, view string) *stream {
	now := t.svc.cloud.Now()
	label := now.Format("2006-01-02T15:04:05.000")
	return &stream{arn: t.arn + "/stream/" + label, label: label, view: view, region: t.region,
		keys: t.schema.keyNames(), created: now, next: 1}
}

func (s *stream) clear() { s.records = nil }

func (s *stream) append(now time.Time, old, r *row, service bool) {
	s.records = append(s.records, &change{stream: s, seq: s.next, at: now, old: old, new: r, service: service})
	s.next++
	s.trim(now)
	for _, w := range s.waiting {
		w.Set() // only marks the reader as ready; it does not run here
	}
	s.waiting = s.waiting[:0]
}

// trim drops what is older than the retention.
func (s *stream) trim(now time.Time) {
	n := 0
	for n < len(s.records) && now.Sub(s.records[n].at) > retention {
		s.records[n] = nil
		n++
	}
	s.records = s.records[n:]
}

// after gives at most limit records that follow a sequence number.
func (s *stream) after(seq uint64, limit int) []*change {
	i := sort.Search(len(s.records), func(i int) bool { return s.records[i].seq > seq })
	return slices.Clone(s.records[i:min(len(s.records), i+limit)])
}

// ReadStream gives the records of a stream after a sequence number (0: from the oldest kept), at
// most limit. It blocks until there is one, the context ends, or the region is lost for good. Any number of
// readers may read one stream.
func (s *Service) ReadStream(ctx context.Context, region, streamARN string, after uint64, limit int) ([]StreamRecord, error) {
	for {
		t, err := s.streamTable(region, streamARN)
		if err != nil {
			return nil, err
		}
		found, wait := t.poll(streamARN, after, limit)
		if wait == nil {
			out := make([]StreamRecord, len(found))
			for i, c := range found {
				out[i] = StreamRecord{c.seq, c.event()}
			}
			return out, nil
		}
		err2 := wait.Wait(ctx)
		t.forget(wait)
		if err2 != nil {
			return nil, err2
		}
	}
}

// poll reads, or gives a signal that is set when there is something to read.
func (t *table) poll(streamARN string, after uint64, limit int) ([]*change, core.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream == nil || t.stream.arn != streamARN {
		return nil, t.svc.cloud.NewSignal() // the stream was switched off: nothing will come
	}
	t.stream.trim(t.svc.cloud.Now())
	if found := t.stream.after(after, limit); len(found) > 0 {
		return found, nil
	}
	wait := t.svc.cloud.NewSignal()
	t.stream.waiting = append(t.stream.waiting, wait)
	return nil, wait
}

func (t *table) forget(wait core.Signal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream != nil {
		t.stream.waiting = slices.DeleteFunc(t.stream.waiting, func(w core.Signal) bool { return w == wait })
	}
}

// event is the record as Lambda and Pipes get it, encoded at most once.
func (c *change) event() json.RawMessage {
	c.once.Do(func() {
		c.json = c.encode(`"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},`)
	})
	return c.json
}

// encode writes the record; identity is the userIdentity member for records of the service, whose
// spelling differs between events and the Streams API.
func (c *change) encode(identity string) []byte {
	name, source := "MODIFY", c.new.item
	switch {
	case c.old == nil:
		name = "INSERT"
	case c.new.item == nil:
		name, source = "REMOVE", c.old.item
	}
	s := c.stream
	id := sha256.Sum256([]byte(s.arn + " " + strconv.FormatUint(c.seq, 10)))
	b := make([]byte, 0, 768)
	b = fmt.Appendf(b, `{"eventID":"%x","eventName":"%s","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"%s",`,
		id[:16], name, s.region)
	if c.service {
		b = append(b, identity...)
	}
	keys := source.only(s.keys)
	size := keys.size()
	b = fmt.Appendf(b, `"dynamodb":{"ApproximateCreationDateTime":%d,"Keys":`, c.at.Unix())
	b = appendItem(b, keys)
	if c.new.item != nil && (s.view == "NEW_IMAGE" || s.view == "NEW_AND_OLD_IMAGES") {
		b = appendItem(append(b, `,"NewImage":`...), c.new.item)
		size += c.new.size
	}
	if c.old != nil && (s.view == "OLD_IMAGE" || s.view == "NEW_AND_OLD_IMAGES") {
		b = appendItem(append(b, `,"OldImage":`...), c.old.item)
		size += c.old.size
	}
	return fmt.Appendf(b, `,"SequenceNumber":"%s","SizeBytes":%d,"StreamViewType":"%s"},"eventSourceARN":"%s"}`,
		sequence(c.seq), size, s.view, s.arn)
}

// sequence is a sequence number as the API shows it.
func sequence(seq uint64) string { return fmt.Sprintf("%021d", seq) }

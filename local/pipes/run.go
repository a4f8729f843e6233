package pipes

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"twofold/local/core"
	"twofold/local/pattern"
)

// unitRequest is one 64 KB chunk of the records of a batch that passed the filters.
const unitRequest core.Unit = "pipes:Request"

const chunk = 64 << 10

// item is a record that passed the filters.
type item struct {
	seq    uint64
	event  *pattern.Event
	raw    []byte
	number string    // its sequence number in the stream
	at     time.Time // when the change was made
}

// stopped reports that the task must end without a further effect.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, core.ErrRegionLost)
}

// run reads and delivers until the pipe is stopped.
func (s *Service) run(ctx context.Context, p *pipe) {
	for failures := 0; ; {
		if ctx.Err() != nil {
			return
		}
		records, err := s.read(ctx, p)
		if stopped(ctx, err) {
			return
		}
		if err != nil {
			s.note(p, failures, err)
			if s.cloud.Sleep(ctx, s.backoff(failures)) != nil {
				return
			}
			failures++
			continue
		}
		if !s.mayRead(p) {
			return
		}
		failures = 0
		items := s.filter(p, records)
		s.charge(p, items)
		if s.deliver(ctx, p, items) != nil {
			return
		}
		s.done(p, records[len(records)-1].Seq, 0)
	}
}

// read waits for records, and for a full batch as long as the window allows.
func (s *Service) read(ctx context.Context, p *pipe) ([]Record, error) {
	after := s.at(p)
	records, err := s.ports.ReadStream(ctx, p.region, p.source, after, p.batch)
	if err == nil && len(records) == 0 {
		return nil, errors.New("the stream gave no record")
	}
	if err != nil || p.window == 0 || len(records) >= p.batch {
		return records, err
	}
	if err := s.cloud.Sleep(ctx, p.window); err != nil {
		return nil, err
	}
	return s.ports.ReadStream(ctx, p.region, p.source, after, p.batch)
}

func (s *Service) at(p *pipe) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.position
}

// done moves the position on.
func (s *Service) done(p *pipe, seq uint64, delivered int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.position = max(p.position, seq)
	p.delivered += delivered
	p.retries, p.lastError = 0, ""
}

func (s *Service) note(p *pipe, retries int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.retries, p.lastError = retries, err.Error()
}

func (p *pipe) principal() core.Principal {
	return core.Principal{RoleARN: p.role, Via: "pipe " + p.name, Region: p.region}
}

// mayRead asks once whether the role may read the stream: when the first record is there, since
// policies may be attached after the pipe was made.
func (s *Service) mayRead(p *pipe) bool {
	s.mu.Lock()
	known := p.authorized
	s.mu.Unlock()
	if known {
		return true
	}
	for _, action := range []string{"dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"} {
		if err := s.cloud.Authorize(p.region, p.principal(), action, p.source); err != nil {
			s.note(p, 0, err)
			s.mu.Lock()
			p.denied = true
			s.mu.Unlock()
			return false
		}
	}
	s.mu.Lock()
	p.authorized = true
	s.mu.Unlock()
	return true
}

func (s *Service) filter(p *pipe, records []Record) []item {
	var out []item
	for _, r := range records {
		e, err := pattern.ParseEvent(r.JSON)
		if err != nil {
			s.cloud.Journal.Add(core.Entry{Region: p.region, Kind: core.KindInternal, Subject: p.arn, Detail: "a stream record is not JSON: " + err.Error()})
			continue
		}
		if p.takes(e) {
			out = append(out, newItem(r, e))
		}
	}
	return out
}

func (p *pipe) takes(e *pattern.Event) bool {
	for _, f := range p.filters {
		if f.Match(e) {
			return true
		}
	}
	return len(p.filters) == 0
}

func newItem(r Record, e *pattern.Event) item {
	out := item{seq: r.Seq, event: e, raw: r.JSON}
	change := e.Root().Field("dynamodb")
	if n := change.Field("SequenceNumber"); n != nil {
		out.number = n.Text()
	}
	if at := change.Field("ApproximateCreationDateTime"); at != nil {
		if seconds, err := strconv.ParseFloat(at.Text(), 64); err == nil {
			out.at = time.UnixMilli(int64(seconds * 1000)).UTC()
		}
	}
	return out
}

func (s *Service) charge(p *pipe, items []item) {
	size := 0
	for _, i := range items {
		size += len(i.raw)
	}
	if size > 0 {
		s.cloud.Meter.Add(p.region, unitRequest, math.Ceil(float64(size)/chunk))
	}
}

// deliver sends items in order until each is delivered or a dead letter. The error says that the
// task must end.
func (s *Service) deliver(ctx context.Context, p *pipe, items []item) error {
	for retries := 0; len(items) > 0; retries++ {
		items = s.expire(ctx, p, items)
		if len(items) == 0 {
			return ctx.Err()
		}
		if err := s.cloud.Point(ctx, ""); err != nil {
			return err
		}
		n, err := s.send(ctx, p, items)
		if stopped(ctx, err) {
			return cmpError(ctx, err)
		}
		if n > 0 {
			s.done(p, items[n-1].seq, n)
		}
		items = items[n:]
		if err == nil {
			continue
		}
		s.note(p, retries, err)
		if p.bisect && len(items) > 1 {
			half := len(items) / 2
			if err := s.deliver(ctx, p, items[:half]); err != nil {
				return err
			}
			return s.deliver(ctx, p, items[half:])
		}
		if p.maxRetries >= 0 && retries >= p.maxRetries {
			return s.deadLetter(ctx, p, items, "RetryAttemptsExhausted", err)
		}
		if err := s.cloud.Sleep(ctx, s.backoff(retries)); err != nil {
			return err
		}
	}
	return nil
}

func cmpError(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return ctx.Err()
}

// expire makes dead letters of the leading items that are too old.
func (s *Service) expire(ctx context.Context, p *pipe, items []item) []item {
	if p.maxAge < 0 {
		return items
	}
	n := 0
	for n < len(items) && !items[n].at.IsZero() && s.cloud.Now().Sub(items[n].at) > p.maxAge {
		n++
	}
	if n > 0 && s.deadLetter(ctx, p, items[:n], "RecordAgeExceeded", errors.New("the records are too old")) != nil {
		return nil
	}
	return items[n:]
}

// backoff doubles from 100 ms to a minute, half of it jitter.
func (s *Service) backoff(retries int) time.Duration {
	d := time.Minute
	if retries < 10 {
		d = min(d, 100*time.Millisecond<<retries)
	}
	return d/2 + time.Duration(s.cloud.Rand.Float64()*float64(d/2))
}

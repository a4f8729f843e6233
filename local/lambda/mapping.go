package lambda

import (
	"context"
	"fmt"
	"strings"
	"time"

	"twofold/local/core"
)

// mapping is an event source mapping from a queue. It is replaced, not changed, except for the
// last group of fields, which the service's mutex guards.
type mapping struct {
	uuid, region, sourceARN string
	functionRef             string // as the mapping was made: name or ARN with qualifier
	batchSize               int
	window                  time.Duration
	partial                 bool // ReportBatchItemFailures
	patterns                []string
	filters                 []func([]byte) (bool, error)
	concurrency             int // ScalingConfig.MaximumConcurrency; 0 is unset

	enabled  bool
	modified time.Time
	shift    int // counts starts and halts: a poller of an earlier shift ends
	polling  bool
	stops    []context.CancelFunc // of this shift's pollers
}

// What polling waits for: a long poll's 20 s, and after an error from 1 s up to a minute.
const (
	longPoll       = 20 * time.Second
	receiveMost    = 10
	firstPollDelay = time.Second
	lastPollDelay  = time.Minute
)

// start begins polling; it does nothing when the mapping is disabled or polls already.
func (s *Service) start(m *mapping) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !m.enabled || m.polling {
		return
	}
	m.polling = true
	m.shift++
	workers, shift := s.Pollers, m.shift
	if m.concurrency > 0 {
		workers = min(workers, m.concurrency)
	}
	for range workers {
		s.Cloud.Go(core.WithRegion(s.Context, m.region), "lambda/poll/"+core.NameOf(m.sourceARN), func(ctx context.Context) {
			s.poll(ctx, m, shift)
		})
	}
}

// halt ends polling. A batch that is in a function's hands is seen through.
func (s *Service) halt(m *mapping) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.polling = false
	m.shift++
	for _, stop := range m.stops {
		stop()
	}
	m.stops = nil
}

// enter makes the context in which a poller receives, which halt ends; false when the
// mapping was halted before the poller first ran.
func (s *Service) enter(ctx context.Context, m *mapping, shift int) (context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.shift != shift {
		return ctx, false
	}
	ctx, stop := context.WithCancel(ctx)
	m.stops = append(m.stops, stop)
	return ctx, true
}

// poll is one poller: it receives, invokes and deletes until the mapping is halted.
func (s *Service) poll(ctx context.Context, m *mapping, shift int) {
	receiving, ok := s.enter(ctx, m, shift)
	delay := firstPollDelay
	for ok {
		batch, as, err := s.collect(receiving, m)
		if ended(receiving, err) {
			return
		}
		if err == nil && len(batch) > 0 {
			err = s.process(ctx, m, batch, as)
		}
		if err == nil {
			delay = firstPollDelay
			continue
		}
		if s.Cloud.Sleep(receiving, delay) != nil {
			return
		}
		delay = min(2*delay, lastPollDelay)
	}
}

// collect receives a batch: what is there, and with a batching window what comes until the
// batch is full or the window is over.
func (s *Service) collect(ctx context.Context, m *mapping) ([]QueueMessage, core.Principal, error) {
	t, err := s.resolve(m.region, m.functionRef, "")
	if err != nil {
		return nil, core.Principal{}, err
	}
	as := t.version.Principal
	batch, err := s.Queues.Receive(ctx, m.region, m.sourceARN, min(m.batchSize, receiveMost), longPoll, as)
	if err != nil || len(batch) == 0 || m.window == 0 {
		return batch, as, err
	}
	end := s.Cloud.Now().Add(m.window)
	for len(batch) < m.batchSize && s.Cloud.Now().Before(end) {
		more, err := s.Queues.Receive(ctx, m.region, m.sourceARN, min(m.batchSize-len(batch), receiveMost), end.Sub(s.Cloud.Now()), as)
		if err != nil { // what was received before the error is still ours to process
			break
		}
		batch = append(batch, more...)
	}
	return batch, as, nil
}

// process filters a batch, invokes the function with it and deletes what succeeded. What failed stays
// in flight and comes back after its visibility time-out.
func (s *Service) process(ctx context.Context, m *mapping, batch []QueueMessage, as core.Principal) error {
	wanted, unwanted := s.filter(m, batch)
	if err := s.remove(ctx, m, unwanted, as); err != nil || len(wanted) == 0 {
		return err
	}
	t, err := s.resolve(m.region, m.functionRef, "")
	if err != nil {
		return err
	}
	in := Invocation{RequestID: s.Cloud.Rand.UUID(), InvokedARN: t.invokedARN, Payload: queueEvent(m, wanted)}
	res, err := s.executeAs(ctx, t, in)
	if err != nil || res.FunctionError != "" {
		return err
	}
	return s.remove(ctx, m, succeeded(m, wanted, res.Payload), as)
}

func (s *Service) remove(ctx context.Context, m *mapping, batch []QueueMessage, as core.Principal) error {
	if len(batch) == 0 {
		return nil
	}
	receipts := make([]string, len(batch))
	for i := range batch {
		receipts[i] = batch[i].ReceiptHandle
	}
	return s.Queues.Delete(ctx, m.region, m.sourceARN, receipts, as)
}

// checkRole makes sure, as CreateEventSourceMapping does, that the function's role may
// read the queue.
func (s *Service) checkRole(m *mapping, v *Version) error {
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		if err := s.Cloud.Authorize(m.region, v.Principal, "sqs:"+action, m.sourceARN); err != nil {
			return fmt.Errorf("the function execution role does not have permissions to call %s on SQS: %w", action, err)
		}
	}
	return nil
}

// check refuses what the API refuses.
func (m *mapping) check() error {
	switch {
	case !strings.HasPrefix(m.sourceARN, "arn:aws:sqs:"+m.region+":"):
		return core.NotRun("lambda", "event sources other than SQS of the same region ("+m.sourceARN+")")
	case m.batchSize < 1 || m.batchSize > 10000:
		return invalidParameter("BatchSize must be between 1 and 10000.")
	case m.batchSize > 10 && m.window < time.Second:
		return invalidParameter("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case m.window < 0 || m.window > 300*time.Second:
		return invalidParameter("MaximumBatchingWindowInSeconds must be between 0 and 300.")
	case m.concurrency != 0 && (m.concurrency < 2 || m.concurrency > 1000):
		return invalidParameter("MaximumConcurrency must be between 2 and 1000.")
	}
	return nil
}

package sqs

import (
	"container/heap"
	"strconv"
	"sync"
	"time"

	"twofold/local/core"
)

// queue is one standard queue. A message is in exactly one of ready (visible, oldest first)
// and later (delayed or received), until it is deleted; deletion only marks it, and whoever
// meets it next drops it.
type queue struct {
	region, name, arn string
	created           time.Time
	wake              core.Signal // set when something may be there to receive, earlier than a waiter expects

	mu       sync.Mutex
	settings settings
	ready    []*message
	later    laterHeap
	receipts map[string]*message // by receipt handle, the last one of each message
	seq      int
}

// message is a message of one queue; its queue's mutex guards it.
type message struct {
	id, body, bodyMD5, sender    string
	attributes                   map[string]Attribute
	attributesMD5, trace         string
	source                       string // ARN of the queue that it was moved here from as a dead letter
	sent, firstReceived, visible time.Time
	receives                     int
	receipt                      string
	gone                         bool
	seq, index                   int
}

// put adds m, visible at its time.
func (q *queue) put(m *message, now time.Time) {
	q.mu.Lock()
	q.seq++
	m.seq = q.seq
	if m.visible.After(now) {
		heap.Push(&q.later, m)
	} else {
		q.ready = append(q.ready, m)
	}
	q.mu.Unlock()
	q.wake.Set()
}

// taken is what one attempt to receive finds: messages, and those that have been received
// too often and belong into the dead-letter queue.
type taken struct {
	messages []message
	dead     []*message
	more     bool
	next     time.Time // when the next hidden message becomes visible; zero when there is none
}

// take receives up to n messages and hides each for the visibility time-out (negative: the queue's).
func (q *queue) take(now time.Time, n int, hide time.Duration) taken {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.surface(now)
	if hide < 0 {
		hide = q.settings.visibility
	}
	var t taken
	for len(t.messages) < n && len(q.ready) > 0 {
		m := q.pop()
		switch {
		case m.gone || q.expired(m, now):
			q.forget(m)
		case q.settings.redrive != nil && m.receives >= q.settings.redrive.max:
			q.forget(m)
			t.dead = append(t.dead, m)
		default:
			t.messages = append(t.messages, q.receive(m, now, hide))
		}
	}
	t.more = len(q.ready) > 0
	if len(q.later) > 0 {
		t.next = q.later[0].visible
	}
	return t
}

func (q *queue) pop() *message {
	m := q.ready[0]
	q.ready[0] = nil
	q.ready = q.ready[1:]
	return m
}

func (q *queue) receive(m *message, now time.Time, hide time.Duration) message {
	delete(q.receipts, m.receipt)
	m.receives++
	if m.receives == 1 {
		m.firstReceived = now
	}
	q.seq++
	m.receipt = receiptPrefix + m.id + "." + strconv.Itoa(q.seq)
	q.receipts[m.receipt] = m
	m.visible = now.Add(hide)
	heap.Push(&q.later, m)
	return *m
}

// receiptPrefix is what every receipt handle begins with, so that a made-up one is told from an old one.
const receiptPrefix = "AQEB"

// surface moves what has become visible to ready and drops what was deleted meanwhile.
func (q *queue) surface(now time.Time) {
	for len(q.later) > 0 && (q.later[0].gone || !q.later[0].visible.After(now)) {
		m := heap.Pop(&q.later).(*message)
		if !m.gone {
			q.ready = append(q.ready, m)
		}
	}
}

func (q *queue) expired(m *message, now time.Time) bool {
	return now.Sub(m.sent) > q.settings.retention
}

func (q *queue) forget(m *message) {
	m.gone = true
	delete(q.receipts, m.receipt)
}

// remove deletes the message of a receipt handle. A handle that is not the message's last
// one deletes nothing and is no error, as on AWS.
func (q *queue) remove(receipt string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if m := q.receipts[receipt]; m != nil {
		if m.index >= 0 && m.index < len(q.later) && q.later[m.index] == m {
			heap.Remove(&q.later, m.index)
		}
		q.forget(m)
	}
}

// hide changes when the message of a receipt handle becomes visible; false when it is not
// in flight.
func (q *queue) hide(receipt string, now time.Time, d time.Duration) bool {
	q.mu.Lock()
	m := q.receipts[receipt]
	found := m != nil && m.visible.After(now)
	if found {
		m.visible = now.Add(d)
		heap.Fix(&q.later, m.index)
	}
	q.mu.Unlock()
	if found {
		q.wake.Set()
	}
	return found
}

func (q *queue) purge() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.ready {
		m.gone = true
	}
	for _, m := range q.later {
		m.gone = true
	}
	q.ready, q.later = nil, nil
	clear(q.receipts)
}

// depth counts what is visible, received and not deleted, and delayed.
func (q *queue) depth(now time.Time) (visible, inflight, delayed int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.surface(now)
	for _, m := range q.ready {
		if !m.gone && !q.expired(m, now) {
			visible++
		}
	}
	for _, m := range q.later {
		switch {
		case m.gone || q.expired(m, now):
		case m.receives > 0:
			inflight++
		default:
			delayed++
		}
	}
	return visible, inflight, delayed
}

// oldest is how long the message has been there that was sent first; 0 if there is none.
func (q *queue) oldest(now time.Time) (age time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, list := range [][]*message{q.ready, q.later} {
		for _, m := range list {
			if !m.gone && !q.expired(m, now) {
				age = max(age, now.Sub(m.sent))
			}
		}
	}
	return age
}

// laterHeap orders hidden messages by when they become visible.
type laterHeap []*message

func (h laterHeap) Len() int { return len(h) }
func (h laterHeap) Less(i, j int) bool {
	if h[i].visible.Equal(h[j].visible) {
		return h[i].seq < h[j].seq
	}
	return h[i].visible.Before(h[j].visible)
}
func (h laterHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *laterHeap) Push(x any) {
	m := x.(*message)
	m.index = len(*h)
	*h = append(*h, m)
}
func (h *laterHeap) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	m.index = -1
	return m
}

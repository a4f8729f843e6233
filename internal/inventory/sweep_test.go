package inventory

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/fact"
	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

type outcomeMap map[string]Outcome

func (o outcomeMap) Outcome(_ context.Context, orderID string) (Outcome, error) {
	out, ok := o[orderID]
	if !ok {
		return Outcome{}, errors.New("the order service does not answer")
	}
	return out, nil
}

// wheel is a round over receipts; a position is an index into them.
type wheel struct {
	receipts []Receipt
	stock    *memory
	at       platform.Item
	writes   int
}

func (w *wheel) SetPosition(_ context.Context, at platform.Item) error {
	w.at = at
	w.writes++
	return nil
}

func (w *wheel) Step(_ context.Context, after platform.Item) ([]Receipt, platform.Item, error) {
	from := 0
	if after != nil {
		from, _ = strconv.Atoi(after["i"].(*types.AttributeValueMemberN).Value)
	}
	to := min(from+receiptsPerStep, len(w.receipts))
	var out []Receipt
	for _, r := range w.receipts[from:to] {
		if _, done := w.stock.credited[[2]string{r.SKU, r.ID}]; !done {
			out = append(out, r)
		}
	}
	if to == len(w.receipts) {
		return out, nil, nil
	}
	return out, platform.Item{"i": num(int64(to))}, nil
}

func newSweep(m *memory, clock *clocktest.Clock, w *wheel, orders outcomes) sweep {
	b := &board{stock: m}
	return sweep{region: east, places: kept{w, b}, receipts: w, credit: m.creditor(clock), held: m, stock: m, orders: orders, dealt: idle{}, untold: idle{}, products: b, snapshots: b, clock: clock, log: discard()}
}

// kept are the positions of two rounds.
type kept struct {
	receipts  *wheel
	snapshots *board
}

func (k kept) Positions(context.Context) (positions, error) {
	return positions{receiptsRound: k.receipts.at, snapshotsRound: k.snapshots.at}, nil
}

// idle is a round that finds nothing.
type idle struct{}

func (idle) SetPosition(context.Context, platform.Item) error                   { return nil }
func (idle) Step(context.Context, platform.Item) ([]deal, platform.Item, error) { return nil, nil, nil }

// board is where snapshots of a memory's TEA are pinned; every step of its round finds it.
type board struct {
	stock  *memory
	pinned Snapshot
	at     platform.Item
	fails  bool
}

func (b *board) SetPosition(_ context.Context, at platform.Item) error {
	b.at = at
	return nil
}

func (b *board) Step(ctx context.Context, _ platform.Item) ([]look, platform.Item, error) {
	now, err := b.stock.Counters(ctx, "TEA")
	if err != nil || now == b.pinned.Counters {
		return nil, nil, err
	}
	return []look{{sku: "TEA", now: now.ledger(), told: b.pinned, tell: true}}, nil, nil
}

func (b *board) PutSnapshot(_ context.Context, s stockOf, at time.Time) error {
	if b.fails {
		return errors.New("the catalogue does not answer")
	}
	b.pinned = Snapshot{Region: east, At: at, Counters: s.Counters}
	return nil
}

func TestTheSweepPublishesWhatHasChanged(t *testing.T) {
	m, clock := newMemory(nil).fill("TEA", 5), clocktest.New()
	s := newSweep(m, clock, &wheel{stock: m}, outcomeMap{})
	b := s.products.(*board)
	sweepOnce := func(want SweepResult) {
		t.Helper()
		if got, err := s.run(t.Context(), sweepInput{}); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	b.fails = true
	sweepOnce(SweepResult{Failed: 1})
	b.fails = false
	sweepOnce(SweepResult{Published: 1})
	sweepOnce(SweepResult{}) // nothing has changed
	if _, err := m.saga(clock).reserve(t.Context(), input("ord_1", Line{"TEA", 2})); err != nil {
		t.Fatal(err)
	}
	clock.Add(time.Minute)
	sweepOnce(SweepResult{Published: 1})
	if want := (Snapshot{Region: east, At: clock.Now(), Counters: Counters{Received: 5, Available: 3, Held: 2}}); b.pinned != want {
		t.Errorf("pinned %+v, want %+v", b.pinned, want)
	}
}

func TestTheSweepSettlesWhatHasBeenHeldTooLongByTheOutcome(t *testing.T) {
	m, clock := newMemory(nil).fill("TEA", 100), clocktest.New()
	orders := outcomeMap{
		"ord_sold":      {Known: true, State: fact.StateConfirmed, CommittedBy: east},
		"ord_sent":      {Known: true, State: fact.StateDispatched, CommittedBy: east},
		"ord_elsewhere": {Known: true, State: fact.StateDelivered, CommittedBy: west},
		"ord_rejected":  {Known: true, State: fact.StateRejected},
		"ord_cancelled": {Known: true, State: fact.StateCancelled},
		"ord_back":      {Known: true, State: fact.StateCancelled, CommittedBy: east},
		"ord_not_mine":  {Known: true, State: fact.StateCancelled, CommittedBy: west},
		"ord_open":      {Known: true, State: fact.StatePlaced},
		"ord_waiting":   {Known: true, State: fact.StateActionRequired},
		"ord_unknown":   {State: fact.StateUnknown},
		"ord_young":     {Known: true, State: fact.StateRejected},
	}
	want := map[string]State{"ord_sold": Consumed, "ord_sent": Consumed, "ord_elsewhere": Released, "ord_rejected": Released,
		"ord_cancelled": Released, "ord_back": Returned, "ord_not_mine": Released, "ord_open": Held, "ord_waiting": Held, "ord_unknown": Held, "ord_young": Held, "ord_unanswered": Held}
	for id := range want {
		if id == "ord_young" {
			continue
		}
		if _, err := m.saga(clock).reserve(t.Context(), input(id, Line{"TEA", 1})); err != nil {
			t.Fatal(err)
		}
	}
	clock.Add(heldFor)
	if _, err := m.saga(clock).reserve(t.Context(), input("ord_young", Line{"TEA", 1})); err != nil {
		t.Fatal(err)
	}
	clock.Add(time.Second)
	res, err := newSweep(m, clock, &wheel{stock: m}, orders).run(t.Context(), sweepInput{})
	if err != nil || res != (SweepResult{Settled: 7, Open: 2, Published: 1, Failed: 2}) {
		t.Errorf("got %+v, %v", res, err)
	}
	for id, state := range want {
		if got := m.reservations[id].State; got != state {
			t.Errorf("%s is %s, want %s", id, got, state)
		}
	}
}

func TestRoundsCreditEveryReceiptWheneverItArrives(t *testing.T) {
	m, clock := newMemory(nil), clocktest.New()
	w := &wheel{stock: m}
	for i := range 2_500 {
		w.receipts = append(w.receipts, Receipt{SKU: "TEA", ID: fmt.Sprint(i), Quantity: 1, Target: east})
	}
	s := newSweep(m, clock, w, outcomeMap{})
	credited := func() int {
		res, err := s.run(t.Context(), sweepInput{})
		if err != nil {
			t.Fatal(err)
		}
		return res.Credited
	}
	if a, b, c := credited(), credited(), credited(); a != 1_000 || b != 1_000 || c != 500 {
		t.Errorf("three sweeps credited %d, %d, %d", a, b, c)
	}
	w.receipts = append([]Receipt{{SKU: "TEA", ID: "late", Quantity: 1, Target: east}}, w.receipts...) // where the round has been already
	if a, b, c := credited(), credited(), credited(); a+b+c != 1 {
		t.Errorf("the next round credited %d, %d, %d", a, b, c)
	}
	if got := m.shards[shardID{"TEA", 0}].Received; got != 2_501 {
		t.Errorf("received %d", got)
	}
}

// slowOrders is an order service whose every answer takes some seconds, of a clock whose contexts know that.
type slowOrders struct {
	*clocktest.Clock
	takes time.Duration
	asked map[string]bool
}

func (s slowOrders) Outcome(_ context.Context, id string) (Outcome, error) {
	s.Add(s.takes)
	s.asked[id] = true
	return Outcome{Known: true, State: fact.StatePlaced}, nil
}

func TestHoldsThatTakeAllTheTimeKeepNothingElseFromBeingSwept(t *testing.T) {
	m, clock := newMemory(nil).fill("TEA", 100), clocktest.New()
	orders := slowOrders{clock, 2 * time.Second, map[string]bool{}}
	s := newSweep(m, clock, &wheel{stock: m}, orders)
	s.clock = orders
	for i := range 12 {
		if _, err := m.saga(clock).reserve(t.Context(), input(fmt.Sprintf("ord_%02d", i), Line{"TEA", 1})); err != nil {
			t.Fatal(err)
		}
	}
	clock.Add(time.Hour)
	for range 3 {
		if res, err := s.run(t.Context(), sweepInput{}); err != nil || res.Open == 12 {
			t.Fatalf("%+v, %v", res, err)
		}
	}
	if b := s.products.(*board); b.pinned.Held != 12 {
		t.Errorf("published %+v", b.pinned)
	}
	if len(orders.asked) != 12 {
		t.Errorf("asked of %d of 12", len(orders.asked))
	}
}

func TestAWalkGoesOnWhereItsTimeWasUp(t *testing.T) {
	clock := clocktest.New()
	m, seen := newMemory(nil), map[string]bool{}
	w := &wheel{stock: m}
	for i := range 500 {
		w.receipts = append(w.receipts, Receipt{SKU: "TEA", ID: fmt.Sprint(i), Quantity: 1, Target: east})
	}
	slow := slowOrders{Clock: clock}
	for range 5 { // each has time for a step and a half, and nothing of what it does succeeds
		ctx, cancel := slow.WithTimeout(t.Context(), 150*time.Second)
		err := walk(ctx, slow, w.at, w, func(r Receipt) {
			clock.Add(time.Second)
			seen[r.ID] = true
		})
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if len(seen) != 500 {
		t.Errorf("looked at %d of 500", len(seen))
	}
}

func TestAWholeRoundInOneSweepWritesNoPosition(t *testing.T) {
	m := newMemory(nil)
	w := &wheel{stock: m, receipts: []Receipt{{SKU: "TEA", ID: "1", Quantity: 1, Target: east}}}
	if _, err := newSweep(m, clocktest.New(), w, outcomeMap{}).run(t.Context(), sweepInput{}); err != nil || w.writes != 0 {
		t.Errorf("%d writes, %v", w.writes, err)
	}
}

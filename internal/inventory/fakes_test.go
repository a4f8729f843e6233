package inventory

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

const (
	east = "us-east-1"
	west = "us-west-2"
)

type shardID struct {
	sku   string
	shard int
}

// memory is a stock table that carries the same moves out as the real one, all or nothing.
type memory struct {
	shards       map[shardID]Ledger
	counts       map[string]int
	reservations map[string]Reservation
	credited     map[[2]string]int64
	taken        []string // receipts that the other region adopted
	reads        int
	fence        platform.Fence
	fenced       bool
	last         string // the order at which the sweep's time was up
}

func newMemory(counts map[string]int) *memory {
	return &memory{shards: map[shardID]Ledger{}, counts: counts, reservations: map[string]Reservation{}, credited: map[[2]string]int64{}}
}

// fill puts units into a SKU's first shard.
func (m *memory) fill(sku string, units int64) *memory {
	c, _ := credit().Apply(m.shards[shardID{sku, 0}], units)
	m.shards[shardID{sku, 0}] = c
	return m
}

func (m *memory) Shards(_ context.Context, skus []string) (map[string]int, error) {
	m.reads++
	out := map[string]int{}
	for _, sku := range skus {
		out[sku] = max(1, m.counts[sku])
	}
	return out, nil
}

func (m *memory) Ledger(_ context.Context, sku string) (Ledger, error) {
	var sum Ledger
	for id, l := range m.shards {
		if id.sku == sku {
			sum = sum.Plus(l)
		}
	}
	return sum, nil
}

func (m *memory) LedgersOf(ctx context.Context, skus []string) (map[string]Ledger, error) {
	out := map[string]Ledger{}
	for _, sku := range skus {
		if l, err := m.Ledger(ctx, sku); err != nil || l != (Ledger{}) {
			out[sku] = l
		}
	}
	return out, nil
}

func (m *memory) HeldUnits(context.Context) (map[string]int64, error) {
	units := map[string]int64{}
	for _, r := range m.reservations {
		for _, l := range r.Lines {
			if r.State == Held {
				units[l.SKU] += l.Quantity
			}
		}
	}
	return units, nil
}

func (m *memory) Counters(ctx context.Context, sku string) (Counters, error) {
	units, _ := m.HeldUnits(ctx)
	l, err := m.Ledger(ctx, sku)
	return l.told(units[sku]), err
}

// apply carries a move out for all lines, or tells which lines are short.
func (m *memory) apply(move Move, lines []ReservedLine) (short []int) {
	after := map[shardID]Ledger{}
	for i, l := range lines {
		id := shardID{l.SKU, l.Shard}
		c, ok := move.Apply(m.shards[id], l.Quantity)
		if !ok {
			short = append(short, i)
		}
		after[id] = c
	}
	if short == nil {
		for id, c := range after {
			m.shards[id] = c
		}
	}
	return short
}

func (m *memory) Hold(_ context.Context, r Reservation) (HoldResult, error) {
	if old, ok := m.reservations[r.OrderID]; ok {
		return HoldResult{Existing: &old}, nil
	}
	short := m.apply(reserve(), r.Lines)
	if short == nil {
		m.reservations[r.OrderID] = r
	}
	return HoldResult{Short: short}, nil
}

func (m *memory) Reservation(_ context.Context, orderID string) (Reservation, bool, error) {
	r, ok := m.reservations[orderID]
	return r, ok, nil
}

func (m *memory) Settle(_ context.Context, r Reservation, to State, move Move) error {
	if m.reservations[r.OrderID].State != r.State {
		return platform.Wrap(platform.Unavailable, errRaced)
	}
	if m.apply(move, r.Lines) != nil {
		return platform.Refuse(platform.Internal, "not there")
	}
	stored := m.reservations[r.OrderID]
	stored.State = to
	m.reservations[r.OrderID] = stored
	return nil
}

func (m *memory) Credit(_ context.Context, r Receipt, parts []ReservedLine, _ time.Time) (int64, error) {
	id := [2]string{r.SKU, r.ID}
	if q, ok := m.credited[id]; ok {
		return q, nil
	}
	m.credited[id] = r.Quantity
	m.apply(credit(), parts)
	return r.Quantity, nil
}

func (m *memory) EachShard(_ context.Context, sku string) ([]Ledger, error) {
	out := make([]Ledger, max(1, m.counts[sku]))
	for i := range out {
		out[i] = m.shards[shardID{sku, i}]
	}
	return out, nil
}

func (m *memory) Gather(_ context.Context, from []ReservedLine, into ReservedLine) (bool, error) {
	if m.apply(leave(), from) != nil {
		return false, nil
	}
	m.apply(arrive(), []ReservedLine{into})
	return true, nil
}

func (m *memory) Split(_ context.Context, sku string, seen, shards int) (bool, error) {
	if max(1, m.counts[sku]) != seen {
		return false, nil
	}
	m.counts[sku] = shards
	return true, nil
}

// Taken implements the creditor's catalogue.
func (m *memory) Taken(_ context.Context, _, _, id, _ string) (bool, error) {
	return slices.Contains(m.taken, id), nil
}

// nobody is a peer that has nothing.
type nobody struct{}

func (nobody) Ask(_ context.Context, short []shortage) error {
	return platform.Refuse(platform.InsufficientStock, "there is not enough of "+short[0].line.SKU)
}

func (m *memory) Held(_ context.Context, before time.Time) (ids []string, err error) {
	for id, r := range m.reservations {
		if r.State == Held && r.At.Before(before) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (m *memory) Last(context.Context) (string, error) { return m.last, nil }
func (m *memory) SetLast(_ context.Context, orderID string) error {
	m.last = orderID
	return nil
}

// sellers of a memory.

func (m *memory) past() past { return past{region: east, fences: m, log: discard()} }

// Of implements the past's fences.
func (m *memory) Of(context.Context, string) (platform.Fence, bool, error) {
	return m.fence, m.fenced, nil
}

func (m *memory) saga(clock *clocktest.Clock) saga {
	return saga{region: east, stock: m, past: m.past(), shards: newShardMemory(m, clock), peer: nobody{}, clock: clock, rand: bytes.NewReader(bytes.Repeat([]byte{3, 1, 4, 1, 5, 9, 2, 6}, 10_000))}
}

func (m *memory) creditor(clock *clocktest.Clock) creditor {
	return creditor{region: east, peer: west, stock: m, catalogue: m, tell: func(context.Context, string) error { return nil }, clock: clock, rand: bytes.NewReader(bytes.Repeat([]byte{2, 7, 1, 8, 2, 8, 1, 8}, 10_000)), log: discard()}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func input(orderID string, lines ...Line) stepInput {
	var in stepInput
	in.Order.OrderID, in.Order.Lines = orderID, lines
	return in
}

func wantCode(t *testing.T, err error, code platform.Code) {
	t.Helper()
	if err == nil && code == "" {
		return
	}
	if err == nil || platform.CodeOf(err) != code {
		t.Fatalf("got %v, want %q", err, code)
	}
}

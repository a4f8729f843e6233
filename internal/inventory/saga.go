package inventory

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"twofold/internal/platform"
)

// saga holds, releases and takes back an order's stock in this region.
type saga struct {
	region string
	stock  holder
	shards shardCounter
	clock  platform.Clock
	rand   io.Reader
}

type holder interface {
	Hold(ctx context.Context, r Reservation) (HoldResult, error)
	settler
}

type shardCounter interface {
	Shards(ctx context.Context, skus []string) (map[string]int, error)
}

// stepInput is the part of the saga's order that inventory looks at.
type stepInput struct {
	Order struct {
		OrderID     string `json:"orderId"`
		Lines       []Line `json:"lines"`
		CommittedBy string `json:"committedBy"` // "" unless some region has committed the order
	} `json:"order"`
}

type reserved struct {
	Reserved bool `json:"reserved"`
}

type releasedResult struct {
	Released bool `json:"released"`
}

// returnedResult says whether this region's stock got the goods back: only that of the region that committed does.
type returnedResult struct {
	Returned bool `json:"returned"`
}

func (s saga) steps() platform.Steps {
	return platform.Steps{
		"ReserveStock": platform.StepOf(s.reserve),
		"ReleaseStock": platform.StepOf(s.release),
		"ReturnStock":  platform.StepOf(s.giveBack),
	}
}

// reserve holds every line of the order or none. Each line is drawn from one shard; a shard that has too little makes way for the
// SKU's next one, and when a SKU has no more the order is refused.
func (s saga) reserve(ctx context.Context, in stepInput) (reserved, error) {
	draws, err := s.draw(ctx, in.Order.Lines)
	if err != nil {
		return reserved{}, err
	}
	for {
		r := Reservation{OrderID: in.Order.OrderID, State: Held, At: s.clock.Now(), Lines: draws.lines()}
		res, err := s.stock.Hold(ctx, r)
		switch {
		case err != nil:
			return reserved{}, err
		case res.Existing != nil:
			return again(*res.Existing, in.Order.Lines)
		case len(res.Short) == 0:
			return reserved{Reserved: true}, nil
		}
		for _, i := range res.Short {
			if !draws[i].next() {
				return reserved{}, platform.Refuse(platform.InsufficientStock, "there is not enough of "+draws[i].line.SKU)
			}
		}
	}
}

// again answers a run that finds the order's reservation there.
func again(r Reservation, lines []Line) (reserved, error) {
	switch {
	case !r.covers(lines):
		return reserved{}, platform.Refuse(platform.Internal, "the order is reserved with other lines")
	case r.State == Released:
		return reserved{}, platform.Refuse(platform.ReservationClosed, "the reservation was released")
	default: // held by an earlier run; or consumed, perhaps returned since: the order is committed, as the payment will tell this run
		return reserved{Reserved: true}, nil
	}
}

// release gives an order's stock back. It is called when the payment is void: a reservation that was consumed then means that the
// order was both sold and called off, which no retry can mend.
func (s saga) release(ctx context.Context, in stepInput) (releasedResult, error) {
	err := settle(ctx, s.stock, in.Order.OrderID, Released)
	return releasedResult{Released: err == nil}, err
}

// giveBack puts the goods of an order that was called off after it had been committed back on the shelf of the region that
// committed it. Any other region has at most a reservation to let go.
func (s saga) giveBack(ctx context.Context, in stepInput) (returnedResult, error) {
	to := calledOff(in.Order.CommittedBy, s.region)
	err := settle(ctx, s.stock, in.Order.OrderID, to)
	return returnedResult{Returned: err == nil && to == Returned}, err
}

// draw is a line with the shards that it may come from, in the order in which they are tried.
type draw struct {
	line   Line
	shards []int
}

func (d *draw) next() bool {
	d.shards = d.shards[1:]
	return len(d.shards) > 0
}

type draws []draw

func (ds draws) lines() []ReservedLine {
	out := make([]ReservedLine, len(ds))
	for i, d := range ds {
		out[i] = ReservedLine{SKU: d.line.SKU, Shard: d.shards[0], Quantity: d.line.Quantity}
	}
	return out
}

func (s saga) draw(ctx context.Context, lines []Line) (draws, error) {
	skus := make([]string, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	counts, err := s.shards.Shards(ctx, skus)
	if err != nil {
		return nil, err
	}
	out := make(draws, len(lines))
	for i, l := range lines {
		shards, err := shuffled(s.rand, counts[l.SKU])
		if err != nil {
			return nil, platform.Wrap(platform.Internal, err)
		}
		out[i] = draw{line: l, shards: shards}
	}
	return out, nil
}

// shuffled is 0..n-1 in a random order.
func shuffled(rand io.Reader, n int) ([]int, error) {
	out := make([]int, n)
	for i := range out {
		j, err := below(rand, i+1)
		if err != nil {
			return nil, err
		}
		out[i] = out[j]
		out[j] = i
	}
	return out, nil
}

// below is a random number of 0..n-1; it takes no randomness when there is no choice. The bias of the remainder is far below
// what the numbers of shards could show.
func below(rand io.Reader, n int) (int, error) {
	if n == 1 {
		return 0, nil
	}
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return 0, err
	}
	return int(binary.BigEndian.Uint64(b[:]) % uint64(n)), nil
}

// rememberShards is how long the number of a SKU's shards is taken from memory. It only grows, so an old number costs nothing but
// spread.
const rememberShards = time.Minute

// shardMemory spares reserving an order a read in almost all cases.
type shardMemory struct {
	store shardCounter
	clock platform.Clock
	known map[string]remembered
}

type remembered struct {
	count int
	until time.Time
}

func newShardMemory(store shardCounter, clock platform.Clock) *shardMemory {
	return &shardMemory{store: store, clock: clock, known: map[string]remembered{}}
}

// Shards reads what is not remembered. Like a Lambda instance it serves one call at a time.
func (m *shardMemory) Shards(ctx context.Context, skus []string) (map[string]int, error) {
	now := m.clock.Now()
	counts := make(map[string]int, len(skus))
	var missing []string
	for _, sku := range skus {
		if k, ok := m.known[sku]; ok && now.Before(k.until) {
			counts[sku] = k.count
		} else {
			missing = append(missing, sku)
		}
	}
	if len(missing) == 0 {
		return counts, nil
	}
	read, err := m.store.Shards(ctx, missing)
	for sku, n := range read {
		counts[sku] = n
		m.known[sku] = remembered{count: n, until: now.Add(rememberShards)}
	}
	return counts, err
}

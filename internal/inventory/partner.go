package inventory

import (
	"context"
	"io"
	"log/slog"
	"time"

	"twofold/internal/platform"
)

// partner deals with the other region about stock.
type partner struct {
	region, peer string
	stock        dealStock
	catalogue    dealCatalogue
	fences       peerFence
	clock        platform.Clock
	rand         io.Reader
	log          *slog.Logger
	metrics      platform.Metrics
}

type dealStock interface {
	EachShard(ctx context.Context, sku string) ([]Ledger, error)
	Give(ctx context.Context, receiver string, parts []ReservedLine, before, after int64) (bool, error)
	Take(ctx context.Context, giver string, parts []ReservedLine, before, after int64) (bool, error)
	total(ctx context.Context, what counter, peer, sku string) (int64, bool, error)
}

type dealCatalogue interface {
	Dealings(ctx context.Context, sku, peer string) (dealings, error)
	PutRequest(ctx context.Context, sku, of string, r Request) error
	PutTransfer(ctx context.Context, sku, receiver string, total int64) error
	Transferred(ctx context.Context, sku, receiver string) (int64, error)
	Adopted(ctx context.Context, sku, dead, by string) (adoption, error)
	Published(ctx context.Context, skus []string) (map[string]Snapshot, error)
	PutSnapshot(ctx context.Context, s stockOf, at time.Time) error
}

// peerFence tells whether the other region was given up. Then it is given nothing, and what it gave is credited by adopt alone.
type peerFence interface {
	Peer(ctx context.Context) (platform.Fence, bool, error)
}

// patience is how long an order waits for goods of the other region: a request and its answer take two replications, each about a
// second, and what the functions take.
const patience = 25 * time.Second

// Ask implements lender. When one line is known to be hopeless nothing is asked for.
func (p partner) Ask(ctx context.Context, short []shortage) error {
	asks := make([]func() error, len(short))
	for i, s := range short {
		d, err := p.catalogue.Dealings(ctx, s.line.SKU, p.peer)
		if err != nil {
			return err
		}
		credited, err := p.credited(ctx, s.line.SKU)
		if err != nil {
			return err
		}
		want := Request{Want: credited + s.line.Quantity - s.available, At: p.clock.Now()}
		switch hope(s, d, credited, want) {
		case none:
			return platform.Refuse(platform.InsufficientStock, "there is not enough of "+s.line.SKU)
		case restate:
			want.Want = max(want.Want, d.request.Want)
			asks[i] = func() error { return p.catalogue.PutRequest(ctx, s.line.SKU, p.peer, want) }
		default:
			asks[i] = func() error { return nil }
		}
	}
	for _, ask := range asks {
		if err := ask(); err != nil {
			return err
		}
	}
	return platform.Refuse(platform.StockOnItsWay, "the other region has been asked for what is missing")
}

// What can be hoped for a line that this region cannot fill.
type prospect int

const (
	none    prospect = iota // there is not enough in both regions, or the other does not answer
	waiting                 // it has been asked
	restate                 // it has to be asked, for more than before or again
)

// hope looks at what the other region last told of itself. A request that has not been answered for a while will not be, until the other
// region shows life again.
func hope(s shortage, d dealings, credited int64, want Request) prospect {
	coming := max(0, d.given-credited)
	switch {
	case s.available+coming+d.peer.Available < s.line.Quantity:
		return none
	case want.Want > d.request.Want:
		return restate
	case want.At.Sub(d.request.At) < patience:
		return waiting
	case d.peer.At.After(d.request.At):
		return restate
	}
	return none
}

// credited is how much this region has credited of what the other gave.
func (p partner) credited(ctx context.Context, sku string) (int64, error) {
	n, ever, err := p.stock.total(ctx, got, p.peer, sku)
	if err != nil || ever {
		return n, err
	}
	a, err := p.catalogue.Adopted(ctx, sku, p.region, p.peer) // a region that was adopted and wiped has credited what its successor took over
	return a.Got, err
}

// handed is how much this region has given to the other.
func (p partner) handed(ctx context.Context, sku string) (int64, error) {
	n, ever, err := p.stock.total(ctx, given, p.peer, sku)
	if err != nil || ever {
		return n, err
	}
	return p.catalogue.Transferred(ctx, sku, p.peer)
}

// answer gives the other region what it wants to have got altogether, or as much as can be spared. Asked again it gives what is still
// missing, which is nothing when it was given before, whatever became of the answer.
func (p partner) answer(ctx context.Context, sku string, want int64) error {
	before, err := p.handed(ctx, sku)
	if err != nil {
		return err
	}
	return p.give(ctx, sku, before, func(own, peer side) int64 { return spare(want-before, own, peer) })
}

// level gives the other region what it lacks for what it sells.
func (p partner) level(ctx context.Context, sku string) error {
	before, err := p.handed(ctx, sku)
	if err != nil {
		return err
	}
	return p.give(ctx, sku, before, level)
}

// give moves as much as a plan says from this region's shards to the other region, and tells it so.
func (p partner) give(ctx context.Context, sku string, before int64, plan func(own, peer side) int64) error {
	shards, err := p.stock.EachShard(ctx, sku)
	if err != nil {
		return err
	}
	own, peer, err := p.sides(ctx, sku, before, sumOf(shards))
	if err != nil {
		return err
	}
	_, gone, err := p.fences.Peer(ctx)
	if err != nil {
		return err
	}
	q := plan(own, peer)
	if gone {
		q = 0
	}
	if parts := drain(sku, shards, q); len(parts) > 0 {
		done, err := p.stock.Give(ctx, p.peer, parts, before, before+q)
		if err != nil {
			return err
		}
		if !done {
			return platform.Refuse(platform.Unavailable, "the stock of "+sku+" is being changed by others")
		}
		before += q
		p.metrics.Put(ctx, "stock given", []any{"sku", sku, "to", p.peer}, platform.Sample{Metric: platform.StockTransfers, Value: 1},
			platform.Sample{Metric: platform.UnitsTransferred, Value: float64(q)})
	}
	return p.publish(ctx, sku, before)
}

// sides is what both regions have and sell. What was given to the other and not credited yet is counted as its own.
func (p partner) sides(ctx context.Context, sku string, handed int64, l Ledger) (own, peer side, err error) {
	d, err := p.catalogue.Dealings(ctx, sku, p.peer)
	if err != nil {
		return side{}, side{}, err
	}
	told, err := p.catalogue.Published(ctx, []string{sku})
	if err != nil {
		return side{}, side{}, err
	}
	mine := told[sku]
	own = side{available: l.Available, demand: mine.Demand + max(0, l.Taken-mine.ledger().Taken)}
	return own, side{available: d.peer.Available + max(0, handed-d.peer.Got), demand: d.demand}, nil
}

// publish tells the other region what it was given. A run that dies before has given all the same: the sweep tells it then.
func (p partner) publish(ctx context.Context, sku string, total int64) error {
	if total == 0 {
		return nil
	}
	told, err := p.catalogue.Transferred(ctx, sku, p.peer)
	if err != nil || told >= total {
		return err
	}
	if err := p.catalogue.PutTransfer(ctx, sku, p.peer, total); err != nil {
		return err
	}
	return p.tell(ctx, sku)
}

// receive credits what the other region has given altogether and this one has not credited yet.
func (p partner) receive(ctx context.Context, sku string, total int64) error {
	if _, gone, err := p.fences.Peer(ctx); err != nil || gone {
		return err
	}
	return p.credit(ctx, sku, total)
}

func (p partner) credit(ctx context.Context, sku string, total int64) error {
	before, err := p.credited(ctx, sku)
	if err != nil || total <= before {
		return err
	}
	shards, err := p.stock.EachShard(ctx, sku)
	if err != nil {
		return err
	}
	begin, err := below(p.rand, len(shards))
	if err != nil {
		return platform.Wrap(platform.Internal, err)
	}
	done, err := p.stock.Take(ctx, p.peer, portions(sku, total-before, len(shards), begin), before, total)
	if err != nil {
		return err
	}
	if !done {
		return platform.Refuse(platform.Unavailable, "another run has just credited "+sku)
	}
	return p.tell(ctx, sku)
}

// tell has the other region know at once how this region's stock has changed.
func (p partner) tell(ctx context.Context, sku string) error {
	shards, err := p.stock.EachShard(ctx, sku)
	if err != nil {
		return err
	}
	told, err := p.catalogue.Published(ctx, []string{sku})
	if err != nil {
		return err
	}
	now, before := sumOf(shards), told[sku]
	if now == before.ledger() {
		return nil
	}
	// What is held is told as it was: the sweep looks at it.
	s := stockOf{SKU: sku, Counters: now.told(before.Held), Demand: before.Demand + max(0, now.Taken-before.ledger().Taken)}
	return p.catalogue.PutSnapshot(ctx, s, p.clock.Now())
}

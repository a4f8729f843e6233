package inventory

import (
	"context"
	"slices"

	"twofold/internal/platform"
)

// reserveTries bounds how often one step tries to hold an order. Each try that fails has learnt of a shard that is short or busy.
const reserveTries = 2 * maxShards

// reserve holds every line of the order or none. Each line is drawn from one shard; one that has too little makes way for one that has enough.
// When no shard has enough and all together have, what is needed is brought into one. When all together have too little, the
// other region is asked, and the order is refused if that has too little too.
func (s saga) reserve(ctx context.Context, in stepInput) (reserved, error) {
	draws, err := s.draw(ctx, in.Order.Lines)
	if err != nil {
		return reserved{}, err
	}
	for range reserveTries {
		r := Reservation{OrderID: in.Order.OrderID, State: Held, At: s.clock.Now(), Lines: draws.lines()}
		res, err := s.stock.Hold(ctx, r)
		switch {
		case err != nil:
			return reserved{}, err
		case res.Existing != nil:
			return again(*res.Existing, in.Order.Lines)
		case len(res.Short) == 0 && len(res.Busy) == 0:
			return reserved{Reserved: true}, nil
		}
		if err := s.redraw(ctx, draws, res); err != nil {
			return reserved{}, err
		}
	}
	return reserved{}, errBusy()
}

func errBusy() error {
	return platform.Refuse(platform.Unavailable, "others are buying the same products at this moment")
}

// redraw lets the lines that could not be held try elsewhere.
func (s saga) redraw(ctx context.Context, ds draws, res HoldResult) error {
	for _, i := range res.Busy {
		if err := s.busy(ctx, &ds[i]); err != nil {
			return err
		}
	}
	var short []shortage
	for _, i := range res.Short {
		available, err := s.seek(ctx, &ds[i])
		if err != nil {
			return err
		}
		if available < ds[i].line.Quantity {
			short = append(short, shortage{line: ds[i].line, available: available})
		}
	}
	if len(short) > 0 {
		return s.peer.Ask(ctx, short)
	}
	return nil
}

// busy turns to the SKU's next shard. A SKU whose shards are found busy again and again is relieved. When each shard was busy once, the step
// is tried again later: to go round and round would only make them busier.
func (s saga) busy(ctx context.Context, d *draw) error {
	sku := d.line.SKU
	if known, relieve := s.shards.noteBusy(sku, d.short); relieve {
		if err := s.relieve(ctx, sku, known); err != nil {
			return err
		}
	}
	if d.refused++; d.refused >= len(d.shards) {
		return errBusy()
	}
	d.shards = append(d.shards[1:], d.shards[0])
	return nil
}

// seek turns to the shards that have enough for a line, in any order. If none has and all together have, it brings what is needed into the fullest. It
// tells how much they have together, and counts shards anew: this instance may not have heard of all.
func (s saga) seek(ctx context.Context, d *draw) (available int64, err error) {
	shards, err := s.stock.EachShard(ctx, d.line.SKU)
	if err != nil {
		return 0, err
	}
	d.short = true
	if available = sumOf(shards).Available; available < d.line.Quantity {
		return available, nil
	}
	order, err := shuffled(s.rand, len(shards))
	if err != nil {
		return 0, platform.Wrap(platform.Internal, err)
	}
	d.shards = slices.DeleteFunc(order, func(i int) bool { return shards[i].Available < d.line.Quantity })
	if len(d.shards) > 0 {
		return available, nil
	}
	best := fullest(shards)
	d.shards = []int{best}
	missing := d.line.Quantity - shards[best].Available
	shards[best].Available = 0
	_, err = s.stock.Gather(ctx, drain(d.line.SKU, shards, missing), ReservedLine{SKU: d.line.SKU, Shard: best, Quantity: missing})
	return available, err // if somebody else took them, the next try comes here again
}

func fullest(shards []Ledger) int {
	best := 0
	for i, s := range shards {
		if s.Available > shards[best].Available {
			best = i
		}
	}
	return best
}

// draw is a line with the shards that it may come from, in the order in which they are tried.
type draw struct {
	line    Line
	shards  []int
	refused int  // how many of them were busy
	short   bool // one of them had too little
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

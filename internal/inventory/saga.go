package inventory

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"twofold/internal/platform"
)

// saga holds, releases and takes back an order's stock in this region.
type saga struct {
	region string
	stock  holder
	past   past
	shards *shardMemory
	peer   lender
	clock  platform.Clock
	rand   io.Reader
}

type holder interface {
	Hold(ctx context.Context, r Reservation) (HoldResult, error)
	EachShard(ctx context.Context, sku string) ([]Ledger, error)
	Gather(ctx context.Context, from []ReservedLine, into ReservedLine) (bool, error)
	Split(ctx context.Context, sku string, seen, shards int) (bool, error)
	settler
}

// lender is the other region.
type lender interface {
	// Ask asks it for what this region has too little of. The error is always one: that the goods are on their way, that there are none, or
	// what kept this region from asking.
	Ask(ctx context.Context, short []shortage) error
}

// shortage is a line that this region cannot fill.
type shortage struct {
	line      Line
	available int64 // what it has
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
		"SettleStock":  platform.StepOf(s.settle),
		"ReturnStock":  platform.StepOf(s.giveBack),
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

// settledResult says whether this region sold the goods.
type settledResult struct {
	Consumed bool `json:"consumed"`
}

// settle ends the reservation of a committed order: consumed by the region that committed it, released by any other.
func (s saga) settle(ctx context.Context, in stepInput) (settledResult, error) {
	if in.Order.CommittedBy == "" {
		return settledResult{}, platform.Refuse(platform.InvalidRequest, "only an order that some region has committed is settled")
	}
	to := committed(in.Order.CommittedBy, s.region)
	if to == Consumed { // nearly always it is held: so without a look
		err := s.stock.Settle(ctx, Reservation{OrderID: in.Order.OrderID, State: Held}, to, transitions[[2]State{Held, to}])
		if !errors.Is(err, errRaced) {
			return settledResult{Consumed: err == nil}, err
		}
	}
	kept, err := s.past.settle(ctx, s.stock, in.Order.OrderID, to)
	return settledResult{Consumed: kept && to == Consumed}, err
}

// giveBack puts the goods of an order that was called off after it had been committed back on the shelf of the region that
// committed it. Any other region has at most a reservation to let go.
func (s saga) giveBack(ctx context.Context, in stepInput) (returnedResult, error) {
	to := calledOff(in.Order.CommittedBy, s.region)
	kept, err := s.past.settle(ctx, s.stock, in.Order.OrderID, to)
	return returnedResult{Returned: kept && to == Returned}, err
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

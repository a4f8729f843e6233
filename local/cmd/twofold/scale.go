package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"twofold/local/world"
)

// stored are the numbers of orders, customers and SKUs beside which an order is measured.
func stored() []int { return []int{10, 1_000, 100_000} }

// What a rush is measured with, in virtual time. Enough units are there at all rates, but for the SKU that is sold out.
const (
	rushStock   = 900_000
	rushSoldOut = 1000
	rushWarm    = 1500 * time.Millisecond
	rushMeasure = time.Second
	// To find what shards take they are asked for a quarter more: what a partition has saved for a burst, one second's units, is used up after four. Much more would be held up
	// by Lambda, which runs a thousand at once, before it comes to the shards.
	rushOver   = 1.25
	burstWarm  = 4200 * time.Millisecond
	burstTaken = 500 * time.Millisecond
	ordersWarm = 2500 * time.Millisecond // an order is confirmed a second after it was placed
)

// scale prints what comes of size, in a simulated world.
func scale(flags *flag.FlagSet) func(context.Context, []string) error {
	root := flags.String("root", ".", "the `folder` of the repository")
	return func(context.Context, []string) error {
		p, err := world.Prepare(*root)
		if err != nil {
			return err
		}
		return printScale(p)
	}
}

// printScale prints what an order and an idle minute cost beside few and many that are stored, and how fast one SKU can be sold. It fails if an order
// costs more beside many, or a SKU is oversold.
func printScale(p *world.Prepared) error { return errors.Join(printStored(p), printRush(p)) }

func printStored(p *world.Prepared) error {
	orders := [][]string{{"", "", "", "", ""}, {"AN ORDER BESIDE STORED ORDERS, CUSTOMERS AND SKUS", "CALLS", "WRITE UNITS", "READ UNITS", "CPU, SIMULATED"}}
	idle := [][]string{{"", "", "", "", ""}, {"A MINUTE OF BOTH REGIONS WITHOUT ORDERS, BESIDE AS MANY", "CALLS", "WRITE UNITS", "READ UNITS", "CPU, SIMULATED"}}
	var first world.OrderCost
	var grown error
	for i, n := range stored() {
		cost, err := p.OrderCost(n)
		if err != nil {
			return err
		}
		minute, err := p.IdleCost(n)
		if err != nil {
			return err
		}
		orders, idle = append(orders, costRow(n, cost)), append(idle, costRow(n, minute))
		if i == 0 {
			first = cost
		}
		if cost.Calls > first.Calls || cost.Writes > first.Writes || cost.Reads > first.Reads {
			grown = fmt.Errorf("an order costs more beside %d", n)
		}
	}
	return errors.Join(printTable(orders), printTable(idle), grown)
}

func costRow(n int, c world.OrderCost) []string {
	return []string{fmt.Sprintf("%d of each", n), fmt.Sprintf("%.1f", c.Calls), fmt.Sprintf("%.1f", c.Writes), fmt.Sprintf("%.1f", c.Reads), c.CPU.Round(100 * time.Microsecond).String()}
}

func printRush(p *world.Prepared) error {
	held := rushTable("RESERVATIONS OF ONE SKU (virtual time), its shards given")
	for shards := 1; shards <= 16; shards *= 2 {
		rate := rushOver * world.RushLimit(shards)
		if err := held.add(p.Reservations(world.Rush{Stock: rushStock, Rates: []float64{rate}, Shards: shards, Warm: burstWarm, Measure: burstTaken})); err != nil {
			return err
		}
	}
	grown := rushTable("... as many shards as the platform makes")
	if err := grown.add(p.Reservations(world.Rush{Stock: rushStock, Rates: []float64{250, 1000, 2000, 4000}, Warm: rushWarm, Measure: rushMeasure})); err != nil {
		return err
	}
	out := rushTable("... of which there are 1,000 units, for two seconds")
	if err := out.add(p.Reservations(world.Rush{Stock: rushSoldOut, Rates: []float64{rushSoldOut}, Measure: 2 * rushMeasure})); err != nil {
		return err
	}
	orders := rushTable("WHOLE ORDERS OF ONE SKU, placed to confirmed (virtual time)")
	if err := orders.add(p.Orders(world.Rush{Stock: rushStock, Rates: []float64{200, 400, 800}, Warm: ordersWarm, Measure: rushMeasure})); err != nil {
		return err
	}
	for _, t := range []rushes{held, grown, out, orders} {
		if err := printTable(t.rows); err != nil {
			return err
		}
	}
	return errors.Join(held.broken, grown.broken, out.broken, orders.broken)
}

// rushes is a table of them.
type rushes struct {
	rows   [][]string
	broken error
}

func rushTable(title string) rushes {
	return rushes{rows: [][]string{{"", "", "", "", "", "", ""}, {title, "SHARDS", "ASKED FOR A SECOND", "DONE", "LIMIT OF THE SHARDS' PARTITIONS", "THROTTLED", "OVERSOLD"}}}
}

func (t *rushes) add(steps []world.RushStep, err error) error {
	for _, s := range steps {
		t.rows = append(t.rows, []string{"", fmt.Sprint(s.Shards), fmt.Sprintf("%.0f", s.Pressed), fmt.Sprintf("%.0f", s.Done), fmt.Sprintf("%.0f", s.Limit),
			fmt.Sprintf("%.0f", s.Throttled), fmt.Sprint(s.Oversold)})
		if s.Oversold != 0 {
			t.broken = fmt.Errorf("%d units were oversold from %d shards", s.Oversold, s.Shards)
		}
	}
	return err
}

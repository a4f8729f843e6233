package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	twofold "twofold/client/go"
)

// loadClients place orders one after the other, half of them in each region first, with a pause between.
const (
	loadClients = 6
	loadPause   = 60 * time.Millisecond
	loadSKU     = "TEA-DARJEELING"
)

// placing is an order of the load, as its client saw it.
type placing struct {
	nearest    string // the region that the client asks first
	answered   time.Time
	orderID    string // "" if it was not accepted
	durability string
	why        error
}

// storm is orders coming in all the time.
type storm struct {
	shop *shop
	name string // begins the orders' keys
	stop context.CancelFunc
	done sync.WaitGroup

	mu  sync.Mutex
	all []placing
}

// storm starts the load. Each client keeps to one [twofold.Resilient], as an application does: it remembers who answered last.
func (s *shop) storm(ctx context.Context, name string) (*storm, error) {
	running, stop := context.WithCancel(ctx)
	l := &storm{shop: s, name: name, stop: stop}
	for i := range loadClients {
		region := s.regions[i%len(s.regions)]
		c, err := s.shopper(region, fmt.Sprintf("shopper-%02d", i))
		if err != nil {
			stop()
			return nil, err
		}
		l.done.Add(1)
		go l.client(running, i, region, c)
	}
	return l, nil
}

func (l *storm) client(ctx context.Context, i int, region string, c *twofold.ClientWithResponses) {
	defer l.done.Done()
	for n := 0; ctx.Err() == nil; n++ {
		p := &purchase{customer: fmt.Sprintf("shopper-%02d", i), sku: loadSKU, quantity: 1, card: goodCard, postcode: postcode}
		// An order that was begun is seen through, so that it is known what became of it.
		res, err := c.PlaceOrderWithResponse(context.WithoutCancel(ctx), &twofold.PlaceOrderParams{IdempotencyKey: fmt.Sprintf("%s-%d-%d", l.name, i, n)}, order(p))
		got := placing{nearest: region, answered: time.Now(), why: err}
		switch {
		case err != nil:
		case res.JSON202 == nil:
			got.why = fmt.Errorf("%s: %s", res.Status(), res.Body)
		default:
			got.orderID, got.durability = res.JSON202.OrderId, res.HTTPResponse.Header.Get("Twofold-Durability")
		}
		l.mu.Lock()
		l.all = append(l.all, got)
		l.mu.Unlock()
		time.Sleep(loadPause)
	}
}

// end stops the load and waits until every order has its answer.
func (l *storm) end() []placing {
	l.stop()
	l.done.Wait()
	return l.sofar()
}

func (l *storm) sofar() []placing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]placing(nil), l.all...)
}

// accepted are the ids of the orders that were accepted with a durability, or with any if it is "".
func accepted(all []placing, durability string) []string {
	var ids []string
	for _, p := range all {
		if p.orderID != "" && (durability == "" || p.durability == durability) {
			ids = append(ids, p.orderID)
		}
	}
	return ids
}

// firstAfter is how long after a moment a client whose nearest region this is was answered with an accepted order for the first time.
func firstAfter(all []placing, region string, moment time.Time) (time.Duration, error) {
	var first time.Duration
	for _, p := range all {
		if d := p.answered.Sub(moment); p.nearest == region && p.orderID != "" && d > 0 && (first == 0 || d < first) {
			first = d
		}
	}
	if first == 0 {
		return 0, errors.New("no order of a client of " + region + " was accepted after it was lost")
	}
	return first, nil
}

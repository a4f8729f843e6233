package integration_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"pgregory.net/rapid"

	"twofold/internal/notification"
)

func (r *regions) mailer(region string) lambda.Handler {
	return r.build(region, "mails", notification.NewMail)
}

// mailState is how a mail of an order that was confirmed stands.
func (r *regions) mailState(order string) string {
	r.t.Helper()
	for _, item := range r.items(east, "mails") {
		if str(item, "pk") == "order#"+order {
			return str(item, "state")
		}
	}
	return ""
}

func confirmed(order string) string { return closed("OrderConfirmed", order, east) }

func TestAMailGoesOutOnceAndFromTheRegionThatCommitted(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		r.openOrderBook().set("ord_1", "CONFIRMED")
		for range 2 {
			r.deliver(r.mailer(east), confirmed("ord_1"), confirmed("ord_1"))
			r.deliver(r.mailer(west), confirmed("ord_1"))
			r.clock.Add(time.Minute) // the claim has lapsed, and the mail is sent all the same
		}
		if n := r.calls.post.about("ord_1"); n != 1 || r.mailState("ord_1") != "sent" || len(r.items(west, "mails")) != 0 {
			t.Errorf("%d mails, %q", n, r.mailState("ord_1"))
		}
	})
}

func TestOfRunsAtTheSameMomentOneMails(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		r.openOrderBook().set("ord_1", "CONFIRMED")
		var wg sync.WaitGroup
		for range 8 {
			h := r.mailer(east)
			wg.Go(func() { r.deliverAll(h, confirmed("ord_1")) })
		}
		wg.Wait()
		if n := r.calls.post.about("ord_1"); n != 1 || r.mailState("ord_1") != "sent" {
			t.Errorf("%d mails, %q", n, r.mailState("ord_1"))
		}
	})
}

func TestAClaimKeepsOthersBackUntilItLapses(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		r.openOrderBook().set("ord_1", "CONFIRMED")
		r.calls.post.fails = true
		if failed := r.deliverAll(r.mailer(east), confirmed("ord_1")); len(failed) != 1 || r.mailState("ord_1") != "claimed" {
			t.Errorf("given back %v, %q", failed, r.mailState("ord_1"))
		}
		r.calls.post.fails = false
		before := r.items(east, "mails")
		r.clock.Add(29 * time.Second)
		if failed := r.deliverAll(r.mailer(east), confirmed("ord_1")); len(failed) != 1 {
			t.Errorf("another run mailed within the lease")
		}
		r.wantSame("a refused claim", before, east, "mails")
		r.clock.Add(2 * time.Second)
		r.deliver(r.mailer(east), confirmed("ord_1"))
		if n := r.calls.post.about("ord_1"); n != 1 || r.mailState("ord_1") != "sent" {
			t.Errorf("%d mails, %q", n, r.mailState("ord_1"))
		}
	})
}

func TestNobodyIsMailedOnceThePersonIsErased(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		book := r.openOrderBook()
		book.set("ord_1", "CONFIRMED")
		book.erased = true
		r.deliver(r.mailer(east), confirmed("ord_1"), confirmed("ord_1"))
		if r.mailState("ord_1") != "dropped" || len(r.calls.post.tries) != 0 {
			t.Errorf("%q, %v", r.mailState("ord_1"), r.calls.post.tries)
		}
	})
}

func TestAMailIsClaimedByOneAtATime(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, r *regions) {
		book := r.openOrderBook()
		r.property(t, func(rt *rapid.T, n int) {
			order, p := fmt.Sprint("ord_", n), &r.calls.post
			book.set(order, "CONFIRMED")
			p.tries = nil
			taken := 0
			for range rapid.IntRange(1, 8).Draw(rt, "deliveries") {
				p.fails, p.loses = rapid.Bool().Draw(rt, "fails"), rapid.Bool().Draw(rt, "loses")
				r.clock.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "seconds")) * time.Second)
				tried := len(p.tries)
				r.deliverAll(r.mailer(east), confirmed(order))
				if len(p.tries) == tried {
					continue
				}
				if taken > 0 {
					rt.Fatalf("mailed again after it was known to be sent")
				}
				if !p.fails && !p.loses {
					taken++
				}
			}
			for i := 1; i < len(p.tries); i++ {
				if gap := p.tries[i].Sub(p.tries[i-1]); gap <= 30*time.Second {
					rt.Fatalf("two runs mailed within %v", gap)
				}
			}
		})
	})
}

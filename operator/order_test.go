package operator_test

import (
	"strings"
	"testing"
	"time"

	"twofold/local/providers/carrier"
)

func TestAnOrderIsShownAsBothRegionsSeeIt(t *testing.T) {
	s := simulate(t)
	s.receive(east, 10)
	id := s.place(east, "k1", 2)
	s.wait(time.Minute)
	out := s.want("order show "+id, "CONFIRMED", "consumed TEA x2", "pi_")
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "state ") && strings.Count(line, "CONFIRMED") != 2 || strings.HasPrefix(line, "outstanding ") && len(strings.Fields(line)) != 3 {
			t.Errorf("not the same in both regions, or something is outstanding: %s", line)
		}
		if strings.HasPrefix(line, "confirmed ") && strings.Count(line, "seen") != 2 {
			t.Errorf("not seen by both: %s", line)
		}
	}
	s.refused("order show ord_unknown", "no region of the stage local knows the order")
	s.LoseRegion(east)
	out, err := s.run("order show " + id)
	if err == nil || !strings.Contains(err.Error(), "us-east-1 cannot be reached") || !strings.Contains(out, "CONFIRMED") {
		t.Errorf("with one region lost: %v\n%s", err, out)
	}
}

func TestWhatIsOwedIsListedUntilItIsPaid(t *testing.T) {
	s := simulate(t)
	s.receive(east, 10)
	s.want("obligations", "Nothing is owed")
	id := s.pay(east, "k1", 2, "pm_card_authenticationRequired")
	s.wait(10 * time.Second)
	s.want("obligations", "order ACTION_REQUIRED, without outcome, home us-east-1", "reservation held", id, "10s")
	s.want("obligations -older 1m", "Nothing is owed for longer than 1m")
	s.wait(20 * time.Minute)
	s.want("obligations", "order ACTION_REQUIRED, without outcome", "20m") // by the retry list: it is older than the time looked through
	s.wait(20 * time.Minute)                                               // the shopper's time to authenticate is over
	s.want("obligations", "Nothing is owed")
	s.LoseRegion(west)
	s.refused("obligations", "us-west-2 cannot be reached")
}

func TestAShipmentIsShownWhileItIsOpen(t *testing.T) {
	s := simulate(t)
	s.receive(east, 10)
	s.Carrier().Inject(carrier.Fault{Kind: carrier.Unavailable, Op: "release"})
	id := s.place(east, "k1", 2)
	s.wait(time.Minute)
	s.want("obligations", "shipment booked, neither released nor cancelled", id)
	s.want("order show "+id, "booked 2026-01-01T00:00:0", "the shipment is booked, and neither released nor cancelled")
	s.Carrier().ClearFaults()
	s.wait(10 * time.Minute)
	s.want("obligations", "Nothing is owed")
	if out := s.want("order show "+id, "CONFIRMED"); strings.Contains(out, "booked") {
		t.Errorf("it was handed over:\n%s", out)
	}
}

func TestAnOrderIsDrivenAgainOnlyWhenItIsApplied(t *testing.T) {
	s := simulate(t)
	s.receive(east, 10)
	s.CutLink(east, west)
	s.LoseRegion(east)
	s.wait(time.Second)
	id := s.place(west, "k1", 12)
	s.wait(time.Minute)
	before := s.Sim().Steps()
	s.want("order redrive "+id+" -in us-west-2", "Nothing was changed", "twofold-local-order-saga-")
	if started := s.want("order redrive "+id+" -in us-west-2 -apply", "Started "); !strings.Contains(started, "order-saga") {
		t.Errorf("%s after step %d", started, before)
	}
	s.refused("order redrive "+id, "name the region with -in")
	s.refused("order redrive ord_unknown -in us-west-2", "does not know the order")
	s.refused("order redrive "+id+" -in eu-north-1", `no region "eu-north-1"`)
	s.refused("order redrive "+id+" -in us-west-2 -stage prod", "is the stage \"prod\" deployed there?")
}

func TestAPersonIsErasedInBothRegionsOrNothingIs(t *testing.T) {
	s := simulate(t)
	s.receive(east, 10)
	id := s.place(east, "k1", 1)
	s.wait(time.Minute)
	s.want("order erase "+id, "Nothing was changed")
	s.want("order erase "+id+" -apply", "us-east-1: erased", "us-west-2: nothing to erase")
	s.want("order erase "+id+" -apply", "us-east-1: nothing to erase")
	s.LoseRegion(west)
	s.refused("order erase "+id+" -apply", "every region has to be reached")
}

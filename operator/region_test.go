package operator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestARegionIsTakenOutOfServiceAndInAgain(t *testing.T) {
	s := simulate(t)
	s.wait(2 * time.Minute) // the probe reports every minute
	healthy := func(want int) {
		t.Helper()
		if got, body := s.send(west, "GET", "/health", "nobody", "", ""); got != want {
			t.Errorf("health is %d, want %d: %v", got, want, body)
		}
	}
	healthy(http.StatusOK)
	s.want("region out us-west-2", "Nothing was changed")
	healthy(http.StatusOK)
	s.want("region out us-west-2 -reason drill -apply", "out of service")
	healthy(http.StatusServiceUnavailable)
	s.want("region show", "drill", "us-east-1", "yes")
	s.want("region in us-west-2", "Nothing was changed", "drill")
	s.want("region in us-west-2 -apply", "in service again")
	healthy(http.StatusOK)
	s.want("region in us-west-2", "was not taken out")
}

// East is lost for good and comes back: its stock is west's, and goods that are received for it afterwards are its own.
func TestALostRegionIsFencedAdoptedWipedAndRejoins(t *testing.T) {
	s := simulate(t)
	s.receive(east, 10)
	s.place(east, "k1", 3)
	s.wait(time.Minute)
	s.LoseRegion(east)
	s.refused("region adopt us-east-1 -apply", "is not fenced")
	s.want("region fence us-east-1", "Nothing was changed", "us-west-2 acts for us-east-1")
	s.refused("region adopt us-east-1 -apply", "is not fenced")
	s.want("region fence us-east-1 -apply", "order-adopt: us-east-1 is fenced", "inventory-adopt: us-east-1 is fenced")
	s.want("region fence us-east-1 -apply", "was fenced before")
	s.want("region adopt us-east-1 -wait 30m", "Nothing was changed", "takes over 7 units of 1 SKUs")
	s.want("region adopt us-east-1 -wait 30m -apply", "has taken over 7 units")
	s.refused("region rejoin us-east-1 -apply", "cannot be reached")

	s.refused("region wipe us-west-2 -apply", "is not fenced")
	s.RestoreRegion(east)
	s.wait(30 * time.Second)
	s.want("region show", "by us-west-2")
	s.refused("region rejoin us-east-1 -apply", "not empty", "region wipe us-east-1")
	s.want("region wipe us-east-1", "Nothing was changed", "twofold-local-stock")
	s.refused("region rejoin us-east-1 -apply", "not empty")
	s.want("region wipe us-east-1 -apply", "items of twofold-local-stock")
	s.want("region rejoin us-east-1", "Nothing was changed")
	s.want("region show", "by us-west-2")
	s.want("region rejoin us-east-1 -apply", "order-adopt: the fence of us-east-1 is lifted", "inventory-adopt: the fence of us-east-1 is lifted")

	s.wait(5 * time.Minute)
	if out := s.want("region show"); strings.Contains(out, "by us-west-2") {
		t.Errorf("still fenced:\n%s", out)
	}
	if out := s.want("stock show " + sku); column(out, east, received) != "0" || column(out, "together", available) != "7" {
		t.Errorf("what was adopted was credited again:\n%s", out)
	}
	s.receive(east, 4)
	s.wait(3 * time.Minute)
	if out := s.want("stock show " + sku); column(out, east, received) != "4" || column(out, "together", available) != "11" {
		t.Errorf("what came in since was not credited once:\n%s", out)
	}
	id := s.place(east, "k2", 4)
	s.wait(time.Minute)
	s.want("order show "+id, "CONFIRMED", "consumed TEA x4")
	s.want("obligations", "Nothing is owed")
}

// Columns of stock show.
const received, available = 1, 3

// column reads a line of stock show.
func column(out, name string, n int) string {
	for _, line := range strings.Split(out, "\n") {
		if f := strings.Fields(line); len(f) == 6 && f[0] == name {
			return f[n]
		}
	}
	return "no line"
}

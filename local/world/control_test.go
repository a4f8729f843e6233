package world

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestFaultRatesAreSetByName(t *testing.T) {
	got, err := ParseFaults(FaultRates{Failed: 0.5}, url.Values{"Throttled": {"0.25"}, "LateBy": {"2s"}})
	if want := (FaultRates{Failed: 0.5, Throttled: 0.25, LateBy: 2 * time.Second}); err != nil || got != want {
		t.Errorf("%v %v", got, err)
	}
	for name, value := range map[string]string{"Throttle": "0.1", "Throttled": "2", "Failed": "often", "LateBy": "3"} {
		if _, err := ParseFaults(FaultRates{}, url.Values{name: {value}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

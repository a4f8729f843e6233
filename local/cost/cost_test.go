package cost

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// measured plays all stories once for all tests.
var measured = sync.OnceValues(func() (Report, error) { return Measure("../..") })

func report(t *testing.T) Report {
	t.Helper()
	r, err := measured()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// golden compares with a file, or writes it when UPDATE_GOLDEN is set.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs: look at what changed, then write it again with `make cost`. Got:\n%s", path, got)
	}
}

// TestWhatAnOrderTakesIsWhatWasReviewed shows an added call in the diff of a file: the calls and units of one order of each story.
func TestWhatAnOrderTakesIsWhatWasReviewed(t *testing.T) {
	var b strings.Builder
	for _, bill := range report(t).Bills {
		fmt.Fprintf(&b, "%s\n", bill.Story.Name)
		for _, l := range bill.Lines() {
			fmt.Fprintf(&b, "  %-28s %10.2f\n", l.Unit, l.Units)
		}
		for _, c := range bill.Calls() {
			fmt.Fprintf(&b, "    %-76s %6.2f\n", c.Name, c.Units)
		}
	}
	golden(t, "testdata/units.golden", []byte(b.String()))
}

func TestTheDocumentSaysWhatTheCommandSays(t *testing.T) {
	var b bytes.Buffer
	if err := report(t).Print(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/cost.md", b.Bytes())
}

// TestAHappyOrderCostsNoMoreThanItDid holds the price of an order; Ceiling is lowered whenever it falls.
func TestAHappyOrderCostsNoMoreThanItDid(t *testing.T) {
	got := report(t).Bill(Confirmed).Total()
	if got > Ceiling || got < Ceiling-1.5 {
		t.Errorf("a million confirmed orders cost $%.2f; the ceiling is $%.2f and should stand within a dollar and a half above it", got, Ceiling)
	}
}

func TestEveryStoryCostsSomethingOfEachServiceThatItMustPass(t *testing.T) {
	for _, bill := range report(t).Bills {
		for _, s := range []string{"Lambda", "API Gateway", "EventBridge", "EventBridge Pipes", "Step Functions", "DynamoDB", "CloudWatch Logs", "X-Ray", "Transfer between regions"} {
			if bill.Service(s) <= 0 {
				t.Errorf("%s takes nothing of %s: the meter misses something", bill.Story.Name, s)
			}
		}
	}
}

func TestStandardCostsMoreThanExpressByItsTransitions(t *testing.T) {
	express, standard := report(t).Bill(Confirmed), report(t).Bill(Standard)
	if standard.Service("Step Functions") < 20*express.Service("Step Functions") || express.Units["states:StandardTransition"] != 0 {
		t.Errorf("Express $%.2f, Standard $%.2f", express.Service("Step Functions"), standard.Service("Step Functions"))
	}
}

func TestWhatHasNoPriceIsNamed(t *testing.T) {
	r := newReading()
	r.units["kms:Request"] = 1
	r.calls["order-api: kinesis:PutRecord"] = 1
	err := r.unpriced()
	if err == nil || !strings.Contains(err.Error(), "kms:Request") || !strings.Contains(err.Error(), "kinesis:PutRecord, which order-api calls") {
		t.Errorf("got %v", err)
	}
	if err := newReading().unpriced(); err != nil {
		t.Errorf("nothing was used, and %v", err)
	}
}

func TestEveryUnitHasOnePrice(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Prices() {
		if seen[string(p.Unit)] || p.Dollars <= 0 || p.Page == "" || p.Service == "" {
			t.Errorf("%+v", p)
		}
		seen[string(p.Unit)] = true
	}
}

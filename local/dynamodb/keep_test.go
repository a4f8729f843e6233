package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twofold/local/core"
)

// memory is a log that outlives a service.
type memory struct {
	entries map[string][]string
	broken  error
}

func newMemory() *memory { return &memory{entries: map[string][]string{}} }

func (m *memory) log(region string, entry []byte) error {
	if m.broken == nil {
		m.entries[region] = append(m.entries[region], string(entry))
	}
	return m.broken
}

// reopen is a service of a new process that starts from the log at a time: the global table "orders" and the regional table "tbl".
func (m *memory) reopen(t testing.TB, at time.Time, lag time.Duration) *world {
	t.Helper()
	faults := core.NewFaults(lag)
	sim := core.NewSim(at, faults, 1)
	cloud := core.New(sim, faults, 1)
	w := &world{t: t, cloud: cloud, svc: New(context.Background(), cloud, Options{Log: m.log}), sim: sim}
	cloud.Register("dynamodb", w.svc)
	for region, entries := range m.entries {
		for _, e := range entries {
			if err := w.svc.Load(region, []byte(e)); err != nil {
				t.Fatalf("%s: %v", e, err)
			}
		}
		m.entries[region] = nil
		if err := w.svc.Snapshot(region, func(e []byte) error { return m.log(region, e) }); err != nil {
			t.Fatal(err)
		}
	}
	w.globalTable("orders")
	w.do(east, "CreateTable", testTable)
	w.run(0)
	return w
}

func itemOf(table, sk, value string) string {
	return `{"TableName":"` + table + `","Item":{"pk":{"S":"p"},"sk":{"S":"` + sk + `"},"v":{"S":"` + value + `"}}}`
}

func keyOf(table, sk string) string {
	return `{"TableName":"` + table + `","Key":{"pk":{"S":"p"},"sk":{"S":"` + sk + `"}}}`
}

func TestItemsOfAllTypesAreTheSameAfterARestart(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), 0)
	w.do(east, "PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"<a> & \"b\" \u2028 \n é"},"sk":{"S":"\\"},"g":{"S":"x"},"n":{"N":"-1.50E-3"},"b":{"B":"AP8="},"t":{"BOOL":true},
		"z":{"NULL":true},"e":{"S":""},"m":{"M":{"l":{"L":[{"N":"1"},{"L":[]},{"M":{}}]}}},"ss":{"SS":["b","a"]},"ns":{"NS":["2","10"]},"bs":{"BS":["AQ=="]}}}`)
	before := w.contents(east, "tbl")
	for range 2 { // from the log, and from a snapshot of it
		if w = m.reopen(t, start(), 0); w.contents(east, "tbl") != before {
			t.Fatalf("got  %s\nwant %s", w.contents(east, "tbl"), before)
		}
	}
	if n := len(m.entries[east]); n != 1 {
		t.Errorf("one item takes %d entries", n)
	}
	w.want(east, "Query", `{"TableName":"tbl","IndexName":"gsi","KeyConditionExpression":"g = :x","ExpressionAttributeValues":{":x":{"S":"x"}},"Select":"COUNT"}`, `{"Count":1,"ScannedCount":1}`)
}

func TestWhatWasNotReplicatedIsReplicatedAfterARestart(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), time.Second)
	w.do(east, "PutItem", itemOf("orders", "old", "1"))
	w.do(west, "PutItem", itemOf("orders", "stays", "1"))
	w.run(time.Minute)
	w.svc.Resume()
	w.run(time.Minute)
	w.cloud.Faults.SetCut(east, west, true)
	w.do(east, "DeleteItem", keyOf("orders", "old"))
	w.do(east, "PutItem", itemOf("orders", "new", "2"))
	w.run(time.Minute)
	if w.contents(west, "orders") == w.contents(east, "orders") {
		t.Fatal("the link is cut, and yet it was replicated")
	}

	w = m.reopen(t, start().Add(time.Hour), time.Second)
	w.svc.Resume()
	w.run(time.Minute)
	got := w.contents(west, "orders")
	if got != w.contents(east, "orders") || strings.Contains(got, `"old"`) || !strings.Contains(got, `"new"`) || !strings.Contains(got, `"stays"`) {
		t.Errorf("in the west:\n%sin the east:\n%s", got, w.contents(east, "orders"))
	}
	if n := w.cloud.Journal.Count(core.KindConflict); n != 0 {
		t.Errorf("%d conflicts", n)
	}
	m.reopen(t, start().Add(2*time.Hour), 0)
	for region, entries := range m.entries {
		if n := slices.IndexFunc(entries, func(e string) bool { return strings.Contains(e, "old") }); n >= 0 {
			t.Errorf("%s still knows of the deleted item, which was forgotten: %s", region, entries[n])
		}
	}
}

func TestStreamsTellAgainWhatIsThereAndYoung(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), time.Second)
	w.do(east, "PutItem", itemOf("orders", "ancient", "1"))
	w.run(23 * time.Hour)
	w.do(east, "PutItem", itemOf("orders", "changed", "1"))
	w.do(east, "PutItem", itemOf("orders", "gone", "1"))
	w.do(east, "PutItem", itemOf("orders", "young", "1"))
	w.do(east, "PutItem", itemOf("orders", "changed", "2"))
	w.do(east, "DeleteItem", keyOf("orders", "gone"))
	w.run(time.Minute)

	w = m.reopen(t, start().Add(25*time.Hour), time.Second)
	if n := len(w.stream(east, "orders")); n != 0 {
		t.Fatalf("%d records before anybody can read them", n)
	}
	w.svc.Resume()
	w.run(time.Minute)
	for _, region := range []string{east, west} {
		var told []string
		for _, r := range w.stream(region, "orders") {
			var e struct {
				EventName string
				Dynamodb  struct {
					NewImage struct{ Sk, V struct{ S string } }
				}
			}
			if err := json.Unmarshal(r.JSON, &e); err != nil {
				t.Fatal(err)
			}
			told = append(told, e.EventName+" "+e.Dynamodb.NewImage.Sk.S+" "+e.Dynamodb.NewImage.V.S)
		}
		if want := []string{"INSERT young 1", "INSERT changed 2"}; !slices.Equal(told, want) {
			t.Errorf("%s tells %q, want %q", region, told, want)
		}
	}
}

func TestAChangeThatCannotBeKeptIsNotMade(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), 0)
	w.do(east, "PutItem", itemOf("tbl", "a", "1"))
	w.do(east, "PutItem", itemOf("orders", "a", "1"))
	before := w.contents(east, "tbl")
	m.broken = errors.New("no space left")
	for op, body := range map[string]string{
		"PutItem": itemOf("tbl", "a", "2"), "DeleteItem": keyOf("tbl", "a"),
		"TransactWriteItems": `{"TransactItems":[{"Put":` + itemOf("tbl", "a", "2") + `},{"Put":` + itemOf("tbl", "b", "2") + `}]}`,
	} {
		if _, err := w.try(east, op, body); err == nil || err.Code != "InternalServerError" || !strings.Contains(err.Message, "no space left") {
			t.Errorf("%s: %v", op, err)
		}
	}
	w.run(time.Minute)
	if w.contents(east, "tbl") != before || w.contents(west, "orders") != "" || w.svc.Pending()[[2]string{east, west}] != 1 {
		t.Errorf("something was done: %s %s %v", w.contents(east, "tbl"), w.contents(west, "orders"), w.svc.Pending())
	}
	m.broken = nil
	w.run(time.Minute)
	if w.contents(west, "orders") != w.contents(east, "orders") {
		t.Error("replication did not go on")
	}
}

func TestATransactionIsOneEntry(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), 0)
	w.do(east, "TransactWriteItems", `{"TransactItems":[{"Put":`+itemOf("tbl", "a", "1")+`},{"Put":`+itemOf("orders", "a", "1")+`}]}`)
	if n := len(m.entries[east]); n != 1 {
		t.Errorf("%d entries: %s", n, m.entries[east])
	}
}

func TestWhatExpiredMeanwhileGoesAfterARestart(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), 0)
	end := start().Add(time.Hour).Unix()
	w.do(east, "PutItem", strings.Replace(itemOf("orders", "a", "1"), `"v"`, fmt.Sprintf(`"ttl":{"N":"%d"},"v"`, end), 1))
	w.run(time.Minute)
	w = m.reopen(t, start().Add(2*time.Hour), 0)
	w.svc.Resume()
	w.run(time.Minute)
	if got := w.contents(east, "orders") + w.contents(west, "orders"); got != "" {
		t.Errorf("still there: %s", got)
	}
}

func TestEmptiedTablesStayEmpty(t *testing.T) {
	m := newMemory()
	w := m.reopen(t, start(), 0)
	w.do(east, "PutItem", itemOf("tbl", "a", "1"))
	w.do(west, "PutItem", itemOf("orders", "a", "1"))
	w.run(time.Minute)
	w.do(east, "DeleteTable", `{"TableName":"tbl"}`)
	w.svc.WipeRegion(west)
	w = m.reopen(t, start(), 0)
	if got := w.contents(east, "tbl") + w.contents(west, "orders"); got != "" {
		t.Errorf("there is %s", got)
	}
	if w.contents(east, "orders") == "" {
		t.Error("the other region lost its items as well")
	}
}

func TestAnotherKeyAndUnknownEntriesStopTheStart(t *testing.T) {
	w := simWorld(t, 1, 0, Options{})
	if err := w.svc.Load(east, []byte(`{"at":1,"changes":[{"table":"tbl","key":{"id":{"S":"a"}},"item":{"id":{"S":"a"}},"stamp":1,"by":"us-east-1"}]}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.try(east, "CreateTable", testTable); err == nil || !strings.Contains(err.Message, `{"id":{"S":"a"}}: the table's key has another pk`) {
		t.Errorf("got %v", err)
	}
	if err := w.svc.Load(east, []byte(`{"at":1,"renamed":"x"}`)); err == nil {
		t.Error("an entry of an unknown kind was taken")
	}
}

// Whatever is done, and whenever the process is killed, each region has what it had, and both get the same in the end.
func TestARestartChangesNothingAndLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMemory()
		at := start()
		w := m.reopen(t, at, time.Second)
		w.svc.Resume()
		for n := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			region := rapid.SampledFrom([]string{east, west}).Draw(rt, "region")
			sk := region + rapid.SampledFrom([]string{"1", "2", "3"}).Draw(rt, "key") // no region writes the other's items
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				w.do(region, "PutItem", itemOf("orders", sk, fmt.Sprint(n)))
			case 2:
				w.do(region, "DeleteItem", keyOf("orders", sk))
			case 3:
				w.do(east, "TransactWriteItems", `{"TransactItems":[{"Put":`+itemOf("tbl", sk, fmt.Sprint(n))+`},{"Put":`+itemOf("orders", east+"1", fmt.Sprint(n))+`}]}`)
			case 4:
				w.run(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "pause")) * time.Millisecond)
			case 5:
				before := w.contents(east, "orders") + "|" + w.contents(west, "orders") + "|" + w.contents(east, "tbl")
				w = m.reopen(t, at, time.Second) // the clock may well have gone back
				if got := w.contents(east, "orders") + "|" + w.contents(west, "orders") + "|" + w.contents(east, "tbl"); got != before {
					rt.Fatalf("after a restart\n%s\nand before it\n%s", got, before)
				}
				w.svc.Resume()
			}
		}
		w.run(time.Hour)
		if e, ws := w.contents(east, "orders"), w.contents(west, "orders"); e != ws {
			rt.Fatalf("in the east\n%s\nin the west\n%s", e, ws)
		}
		if n := w.cloud.Journal.Count(core.KindConflict); n != 0 {
			rt.Fatalf("%d conflicts", n)
		}
	})
}

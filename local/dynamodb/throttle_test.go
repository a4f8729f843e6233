package dynamodb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

// limitedWorld has the test table with AWS's limits, on a clock that stands until it is moved.
func limitedWorld(t testing.TB) *world {
	w := simWorld(t, 1, 0, Options{Partition: PartitionLimits()})
	w.do(east, "CreateTable", testTable)
	return w
}

// press makes a call again and again until it is throttled, at most so often, and answers how often it was done, and the refusal.
func (w *world) press(op string, most int, body func(i int) string) (done int, refusal *core.Error) {
	w.t.Helper()
	for ; done < most; done++ {
		if _, err := w.try(east, op, body(done)); err != nil {
			return done, err
		}
	}
	return done, nil
}

// exhaust leaves the partition of [hotUpdate] full.
func (w *world) exhaust() {
	w.t.Helper()
	if _, err := w.press("UpdateItem", 5000, always(hotUpdate)); err == nil {
		w.t.Fatal("a partition takes everything")
	}
}

func always(body string) func(int) string { return func(int) string { return body } }

const hotUpdate = `{"TableName":"tbl","Key":{"pk":{"S":"hot"},"sk":{"S":"1"}},"UpdateExpression":"ADD held :q","ExpressionAttributeValues":{":q":{"N":"1"}}}`

func TestAPartitionTakesAThousandWritesASecond(t *testing.T) {
	w := limitedWorld(t)
	for second := range 3 {
		done, err := w.press("UpdateItem", 5000, always(hotUpdate))
		if done != 1000 || err == nil || err.Code != "ThrottlingException" {
			t.Errorf("second %d: %d writes, then %v; want 1000, then a ThrottlingException", second, done, err)
		}
		w.run(time.Second)
	}
	w.run(250*time.Millisecond - time.Second)
	w.exhaust()
	w.run(250 * time.Millisecond)
	if done, _ := w.press("UpdateItem", 5000, always(hotUpdate)); done != 250 {
		t.Errorf("a quarter of a second later %d writes were taken, want 250", done)
	}
}

func TestThrottlingNamesWhatIsFull(t *testing.T) {
	w := limitedWorld(t)
	_, err := w.press("UpdateItem", 5000, always(hotUpdate))
	if err == nil {
		t.Fatal("nothing was throttled")
	}
	got, _ := json.Marshal(err.Fields)
	if want := `{"throttlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded","resource":"` + core.ARN("dynamodb", east, "table/tbl") + `"}]}`; string(got) != want {
		t.Errorf("fields %s, want %s", got, want)
	}
	if got := w.svc.Throttles(); len(got) != 1 || got[0] != (Throttle{east, "tbl", "", "Write", 1}) {
		t.Errorf("counted %v", got)
	}
}

func TestAFullPartitionLeavesOthersAlone(t *testing.T) {
	w := limitedWorld(t)
	w.exhaust()
	w.do(east, "UpdateItem", strings.Replace(hotUpdate, `"hot"`, `"cold"`, 1))
	w.do(east, "GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"hot"},"sk":{"S":"1"}},"ConsistentRead":true}`) // reads have a limit of their own
}

func TestATransactionalWriteTakesTwoUnitsAndIsCancelledWhole(t *testing.T) {
	w := limitedWorld(t)
	body := func(i int) string {
		return fmt.Sprintf(`{"TransactItems":[{"Put":{"TableName":"tbl","Item":{"pk":{"S":"order#%d"},"sk":{"S":"r"}}}},{"Update":%s}]}`, i, hotUpdate)
	}
	done, err := w.press("TransactWriteItems", 5000, body)
	if done != 500 || err == nil || err.Code != "TransactionCanceledException" {
		t.Fatalf("%d transactions, then %v; want 500, then a TransactionCanceledException", done, err)
	}
	if got, _ := json.Marshal(err.Fields["CancellationReasons"]); !strings.Contains(string(got), `[{"Code":"None"},{"Code":"ThrottlingError","Message":"Throughput exceeds`) {
		t.Errorf("reasons %s", got)
	}
	if strings.Contains(w.contents(east, "tbl"), `"order#500"`) {
		t.Error("a part of a throttled transaction was written")
	}
}

func TestAnIndexThatIsFullRefusesTheWriteOfTheItem(t *testing.T) {
	w := limitedWorld(t)
	done, err := w.press("PutItem", 5000, func(i int) string {
		return fmt.Sprintf(`{"TableName":"tbl","Item":{"pk":{"S":"item#%d"},"sk":{"S":"1"},"g":{"S":"same"},"n":{"N":"%d"}}}`, i, i)
	})
	if done != 1000 || err == nil || err.Message != problemIndexFull {
		t.Fatalf("%d puts, then %v; want 1000, then the index's refusal", done, err)
	}
	if strings.Contains(w.contents(east, "tbl"), `"item#1000"`) {
		t.Error("the item was written without its entry")
	}
	w.do(east, "PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"item#x"},"sk":{"S":"1"},"g":{"S":"other"},"n":{"N":"1"}}}`)
	if got := w.svc.Throttles(); len(got) != 1 || got[0].Index != "gsi" {
		t.Errorf("counted %v", got)
	}
}

func TestAPartitionIsReadThreeThousandTimesASecond(t *testing.T) {
	key, queried := `"Key":{"pk":{"S":"hot"},"sk":{"S":"1"}}`, `"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"hot"}}`
	for op, c := range map[string]struct {
		body string
		want int
	}{
		"GetItem":          {`{"TableName":"tbl",` + key + `,"ConsistentRead":true}`, 3000},
		"Query":            {`{"TableName":"tbl",` + queried + `}`, 6000},
		"TransactGetItems": {`{"TransactItems":[{"Get":{"TableName":"tbl",` + key + `}}]}`, 1500},
		"BatchGetItem":     {`{"RequestItems":{"tbl":{"Keys":[{"pk":{"S":"hot"},"sk":{"S":"1"}}],"ConsistentRead":true}}}`, 3000},
	} {
		w := limitedWorld(t)
		if done, err := w.press(op, 10_000, always(c.body)); done != c.want || err == nil {
			t.Errorf("%s: %d, then %v; want %d, then a refusal", op, done, err, c.want)
		}
	}
}

func TestABatchGivesBackWhatIsThrottled(t *testing.T) {
	w := limitedWorld(t)
	w.exhaust()
	w.want(east, "BatchWriteItem", `{"RequestItems":{"tbl":[{"PutRequest":{"Item":{"pk":{"S":"hot"},"sk":{"S":"2"}}}},{"PutRequest":{"Item":{"pk":{"S":"cold"},"sk":{"S":"2"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"hot"},"sk":{"S":"3"}}}}]}}`,
		`{"UnprocessedItems":{"tbl":[{"PutRequest":{"Item":{"pk":{"S":"hot"},"sk":{"S":"2"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"hot"},"sk":{"S":"3"}}}}]}}`)
	if _, err := w.try(east, "BatchWriteItem", `{"RequestItems":{"tbl":[{"PutRequest":{"Item":{"pk":{"S":"hot"},"sk":{"S":"2"}}}}]}}`); err == nil || err.Code != codeThrottled {
		t.Errorf("a batch of which nothing could be written was answered %v", err)
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	w := limitedWorld(t)
	for second := range 5 {
		for i := range 200 {
			w.do(east, "UpdateItem", strings.Replace(hotUpdate, `"hot"`, fmt.Sprintf(`"%d-%d"`, second, i), 1))
		}
		w.run(time.Second)
	}
	tbl, _ := w.svc.table(east, "tbl")
	if n := len(tbl.buckets.younger) + len(tbl.buckets.older); n > 400 {
		t.Errorf("%d buckets are remembered, want those of two seconds at most", n)
	}
}

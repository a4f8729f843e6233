package dynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

func (w *world) arn(region, table string) string {
	w.t.Helper()
	var d struct {
		Table struct{ LatestStreamArn string }
	}
	if err := json.Unmarshal([]byte(w.do(region, "DescribeTable", `{"TableName":"`+table+`"}`)), &d); err != nil {
		w.t.Fatal(err)
	}
	return d.Table.LatestStreamArn
}

// stream reads everything that is in a stream now.
func (w *world) stream(region, table string) []StreamRecord {
	w.t.Helper()
	var out []StreamRecord
	arn := w.arn(region, table)
	ctx, cancel := context.WithCancel(core.WithRegion(context.Background(), region))
	w.cloud.Go(ctx, "reader", func(ctx context.Context) {
		for {
			after := uint64(0)
			if len(out) > 0 {
				after = out[len(out)-1].Seq
			}
			records, err := w.svc.ReadStream(ctx, region, arn, after, 2)
			if err != nil {
				return
			}
			out = append(out, records...)
		}
	})
	w.run(0)
	cancel()
	return out
}

func TestStreamsTellEveryChangeAndOnlyChanges(t *testing.T) {
	w := tableWorld(t)
	put := `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"S":"1"}}}`
	w.do(east, "PutItem", put)
	w.do(east, "PutItem", put)
	w.do(east, "PutItem", strings.Replace(put, `"1"`, `"2"`, 1))
	w.do(east, "DeleteItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}`)
	w.do(east, "DeleteItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}`)
	records := w.stream(east, "tbl")
	var names []string
	for i, r := range records {
		var e struct{ EventName string }
		if err := json.Unmarshal(r.JSON, &e); err != nil || r.Seq != uint64(i+1) {
			t.Fatal(err, r.Seq)
		}
		names = append(names, e.EventName)
	}
	if fmt.Sprint(names) != "[INSERT MODIFY REMOVE]" {
		t.Fatalf("got %v", names)
	}
	var id struct{ EventID string }
	if err := json.Unmarshal(records[1].JSON, &id); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"eventID":"%s","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":%d,
	 "Keys":{"pk":{"S":"a"},"sk":{"S":"b"}},"NewImage":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"S":"2"}},"OldImage":{"pk":{"S":"a"},"sk":{"S":"b"},"v":{"S":"1"}},
	 "SequenceNumber":"000000000000000000002","SizeBytes":22,"StreamViewType":"NEW_AND_OLD_IMAGES"},"eventSourceARN":"%s"}`, id.EventID, start().Unix(), w.arn(east, "tbl"))
	if !sameJSON(t, string(records[1].JSON), want) {
		t.Errorf("got  %s\nwant %s", records[1].JSON, want)
	}
}

func TestReadersWaitUntilThereIsARecord(t *testing.T) {
	w := tableWorld(t)
	arn := w.arn(east, "tbl")
	got := map[int]time.Time{}
	for i := range 3 {
		w.cloud.Go(core.WithRegion(context.Background(), east), "reader", func(ctx context.Context) {
			if records, err := w.svc.ReadStream(ctx, east, arn, 0, 10); err == nil && len(records) == 1 {
				got[i] = w.cloud.Now()
			}
		})
	}
	w.run(time.Minute)
	if len(got) != 0 {
		t.Fatalf("readers came back with nothing to read: %v", got)
	}
	w.do(east, "PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"}}}`)
	w.run(0)
	if len(got) != 3 {
		t.Errorf("%d of 3 readers woke", len(got))
	}
}

func TestTheStreamsAPIWalksAShard(t *testing.T) {
	w := tableWorld(t)
	arn := w.arn(east, "tbl")
	for i := range 3 {
		w.do(east, "PutItem", fmt.Sprintf(`{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"%d"}}}`, i))
	}
	var d struct {
		StreamDescription struct{ Shards []struct{ ShardID string } }
		ShardIterator     string
		NextShardIterator string
		Records           []struct {
			Dynamodb struct{ SequenceNumber string }
		}
	}
	step := func(op, body string) {
		t.Helper()
		if err := json.Unmarshal([]byte(w.do(east, op, body)), &d); err != nil {
			t.Fatal(err)
		}
	}
	step("DescribeStream", `{"StreamArn":"`+arn+`"}`)
	shard := `"StreamArn":"` + arn + `","ShardId":"` + d.StreamDescription.Shards[0].ShardID + `","ShardIteratorType":`
	for _, c := range []struct {
		from string
		want string
	}{
		{`"TRIM_HORIZON"`, "[{{000000000000000000001}} {{000000000000000000002}}]"}, {`"LATEST"`, "[]"},
		{`"AFTER_SEQUENCE_NUMBER","SequenceNumber":"000000000000000000002"`, "[{{000000000000000000003}}]"},
		{`"AT_SEQUENCE_NUMBER","SequenceNumber":"000000000000000000002"`, "[{{000000000000000000002}} {{000000000000000000003}}]"},
	} {
		step("GetShardIterator", `{`+shard+c.from+`}`)
		step("GetRecords", `{"Limit":2,"ShardIterator":"`+d.ShardIterator+`"}`)
		if got := fmt.Sprint(d.Records); got != c.want {
			t.Errorf("%s: %s, want %s", c.from, got, c.want)
		}
	}
	w.run(retention + time.Second)
	step("GetShardIterator", `{`+shard+`"TRIM_HORIZON"}`)
	step("GetRecords", `{"ShardIterator":"`+d.ShardIterator+`"}`)
	if len(d.Records) != 0 {
		t.Errorf("records are kept after %v: %v", retention, d.Records)
	}
	w.wantError("GetRecords", `{"ShardIterator":"x"}`, "ValidationException", "Invalid ShardIterator")
	w.want(east, "ListStreams", `{"TableName":"tbl"}`, `{"Streams":[{"StreamArn":"`+arn+`","StreamLabel":"`+strings.SplitN(arn, "/stream/", 2)[1]+`","TableName":"tbl"}]}`)
}

func TestExpiredItemsAreDeletedByTheService(t *testing.T) {
	w := simWorld(t, 1, time.Second, Options{})
	w.globalTable("glob")
	end := start().Add(time.Hour).Unix()
	w.do(east, "PutItem", fmt.Sprintf(`{"TableName":"glob","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"ttl":{"N":"%d"}}}`, end))
	w.do(east, "PutItem", `{"TableName":"glob","Item":{"pk":{"S":"a"},"sk":{"S":"c"},"ttl":{"N":"17"}}}`)
	w.do(east, "PutItem", `{"TableName":"glob","Item":{"pk":{"S":"a"},"sk":{"S":"d"},"ttl":{"S":"17"}}}`)
	w.run(time.Hour - time.Second)
	if n := len(w.svc.Items(east, "glob")); n != 3 {
		t.Fatalf("%d items before the end", n)
	}
	w.run(10 * time.Second)
	for _, region := range []string{east, west} {
		if n := len(w.svc.Items(region, "glob")); n != 2 {
			t.Errorf("%s: %d items after the end, want those that never expire", region, n)
		}
	}
	records := w.stream(east, "glob")
	last := string(records[len(records)-1].JSON)
	if !strings.Contains(last, `"eventName":"REMOVE"`) || !strings.Contains(last, `"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}`) {
		t.Errorf("the delete must name the service: %s", last)
	}
	if n := w.cloud.Journal.Count(core.KindConflict); n != 0 {
		t.Errorf("%d conflicts: %v", n, w.cloud.Journal.Entries(core.KindConflict))
	}
}

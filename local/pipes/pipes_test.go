package pipes_test

import (
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/pipes"
)

func TestRecordsBecomeEventsInOrder(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.write("Else", 2)
	r.pipe("", toBus)
	r.run(time.Second)
	r.write("OrderConfirmed", 3)
	r.run(time.Second)
	if got := details(r.entries); got != "1 3" {
		t.Fatalf("delivered %s", got)
	}
	e := r.entries[1]
	if e.Source != "twofold.order" || e.DetailType != "OrderConfirmed" || e.Resources[0] != "order#3" || !e.Time.Equal(start.Add(-time.Minute)) {
		t.Errorf("got %+v", e)
	}
	if st := r.service.Statuses()[0]; st.Position != 3 || st.Delivered != 2 || !st.Running || st.LastError != "" {
		t.Errorf("status %+v", st)
	}
}

func TestTemplateVariables(t *testing.T) {
	cases := []struct{ name, template, want string }{
		{"values outside quotes keep their JSON type", `{\"pk\": <$.dynamodb.Keys.pk.S>, \"at\": <$.dynamodb.ApproximateCreationDateTime>, \"n\": <$.dynamodb.NewImage.n.N>}`, `{"pk": "order#7", "at": 1777636800, "n": "7"}`},
		{"objects", `{\"key\": <$.dynamodb.Keys>}`, `{"key": {"pk":{"S":"order#7"}}}`},
		{"a missing path", `{\"a\": <$.dynamodb.NewImage.gone.S>, \"b\": \"x<$.gone>\"}`, `{"a": "", "b": "x"}`},
		{"reserved variables", `{\"p\": <aws.pipes.pipe-name>, \"s\": \"from <aws.pipes.source-arn>\", \"t\": <aws.pipes.event.ingestion-time>}`,
			`{"p": "facts", "s": "from ` + stream + `", "t": "2026-05-01T12:00:00.000Z"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.write("OrderPlaced", 7)
			r.pipe("", `"Target":"`+bus+`","TargetParameters":{"InputTemplate":"`+c.template+`"}`)
			r.run(time.Second)
			if len(r.entries) != 1 || string(r.entries[0].Detail) != c.want {
				t.Fatalf("got  %s\nwant %s", r.entries, c.want)
			}
			if e := r.entries[0]; e.Source != "Pipe facts" || e.DetailType != "Event from aws:dynamodb" {
				t.Errorf("defaults are %s, %s", e.Source, e.DetailType)
			}
		})
	}
}

func TestWithoutTemplateTheRecordIsTheDetail(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.pipe("", `"Target":"`+bus+`"`)
	r.run(time.Second)
	if len(r.entries) != 1 || string(r.entries[0].Detail) != string(r.records[0].JSON) {
		t.Errorf("got %v", r.entries)
	}
}

func TestBusCallsHoldTenEntriesAndFilteredRecordsCostNothing(t *testing.T) {
	r := newRig(t)
	for n := range 25 {
		r.write("OrderPlaced", n)
		r.write("Else", n)
	}
	r.pipe("", toBus)
	r.run(time.Second)
	if len(r.entries) != 25 || len(r.calls) != 3 || len(r.calls[0]) != 10 || len(r.calls[2]) != 5 {
		t.Errorf("%d entries in %d calls", len(r.entries), len(r.calls))
	}
	readings := r.cloud.Meter.Read()
	if len(readings) != 1 || readings[0].Unit != "pipes:Request" || readings[0].N != 1 {
		t.Errorf("meter %v, want one request", readings)
	}
	r.write("Else", 1)
	r.run(time.Second)
	if got := r.cloud.Meter.Read()[0].N; got != 1 {
		t.Errorf("a filtered record cost: %v", got)
	}
}

func TestAFailureBlocksTheStreamUntilItPasses(t *testing.T) {
	r := newRig(t)
	r.down = &core.Error{Code: "InternalFailure", Status: 500}
	r.pipe("", toBus)
	for n := range 3 {
		r.write("OrderPlaced", n)
	}
	r.run(time.Hour)
	if st := r.service.Statuses()[0]; st.Position != 0 || st.Retries < 50 || st.LastError == "" {
		t.Errorf("status %+v", st)
	}
	r.down = nil
	r.run(2 * time.Minute)
	if got := details(r.entries); got != "0 1 2" {
		t.Errorf("delivered %s", got)
	}
}

func TestARefusedEntryIsSentAgainFromThereOn(t *testing.T) {
	r := newRig(t)
	refusals := 2
	r.refuse = func(e pipes.Entry) bool {
		if string(e.Detail) == `{"n": "1"}` && refusals > 0 {
			refusals--
			return true
		}
		return false
	}
	for n := range 4 {
		r.write("OrderPlaced", n)
	}
	r.pipe("", toBus)
	r.run(time.Minute)
	if got := details(r.entries); got != "0 2 3 2 3 1 2 3" {
		t.Errorf("delivered %s: at least once, each in its place once the refusal is over", got)
	}
	if len(r.calls) != 3 || len(r.calls[1]) != 3 {
		t.Errorf("calls %v: what was taken before the refusal is not sent again", r.calls)
	}
}

func poison(e pipes.Entry) bool { return string(e.Detail) == `{"n": "2"}` }

func TestAPoisonRecordGoesToTheDeadLetterQueueAndTheRestGoesOn(t *testing.T) {
	r := newRig(t)
	r.refuse = poison
	for n := range 5 {
		r.write("OrderPlaced", n)
	}
	r.pipe(`,"MaximumRetryAttempts":"2","OnPartialBatchItemFailure":"AUTOMATIC_BISECT","DeadLetterConfig":{"Arn":"`+dead+`"}`, toBus)
	r.run(time.Minute)
	taken := map[string]bool{}
	for _, e := range r.entries {
		taken[string(e.Detail)] = true
	}
	if len(taken) != 4 || taken[`{"n": "2"}`] {
		t.Errorf("delivered %s", details(r.entries))
	}
	want := `{"DDBStreamBatchInfo":{"approximateArrivalOfFirstRecord":"2026-05-01T12:00:00Z","approximateArrivalOfLastRecord":"2026-05-01T12:00:00Z","batchSize":1,"endSequenceNumber":"000000000000000000003","shardId":"shardId-00000000000000000001-00000001","startSequenceNumber":"000000000000000000003","streamArn":"` + stream + `"},"context":{"condition":"RetryAttemptsExhausted","partnerResourceArn":"arn:aws:pipes:us-east-1:000000000000:pipe/facts"},"timestamp":"TIME","version":"1.0"}`
	if len(r.sent) != 1 || r.sent[0].TargetARN != dead {
		t.Fatalf("dead letters %v", r.sent)
	}
	got := string(r.sent[0].Body)
	at := strings.Index(got, `"timestamp":"`) + len(`"timestamp":"`)
	if got = got[:at] + "TIME" + got[at+24:]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r.cloud.Journal.Count(core.KindDeadLetter) != 1 {
		t.Error("not journalled")
	}
}

func TestWithoutBisectTheRestOfTheBatchIsGivenUp(t *testing.T) {
	r := newRig(t)
	r.refuse = poison
	for n := range 5 {
		r.write("OrderPlaced", n)
	}
	r.pipe(`,"MaximumRetryAttempts":1,"DeadLetterConfig":{"Arn":"`+dead+`"}`, toBus)
	r.run(time.Minute)
	if len(r.sent) != 1 || !strings.Contains(string(r.sent[0].Body), `"batchSize":3`) {
		t.Fatalf("dead letters %v", r.sent)
	}
	r.write("OrderPlaced", 9)
	r.run(time.Second)
	if got := details(r.entries); !strings.HasSuffix(got, " 9") {
		t.Errorf("the pipe does not go on: %s", got)
	}
}

func TestWithoutDeadLetterQueueALossIsJournalled(t *testing.T) {
	r := newRig(t)
	r.refuse = poison
	r.write("OrderPlaced", 2)
	r.pipe(`,"MaximumRetryAttempts":0`, toBus)
	r.run(time.Minute)
	if r.cloud.Journal.Count(core.KindDropped) != 1 {
		t.Error("not journalled as dropped")
	}
}

func TestOldRecordsAreGivenUp(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.run(2 * time.Minute)
	r.write("OrderPlaced", 2)
	r.pipe(`,"MaximumRecordAgeInSeconds":60,"DeadLetterConfig":{"Arn":"`+dead+`"}`, toBus)
	r.run(time.Second)
	if details(r.entries) != "2" || len(r.sent) != 1 || !strings.Contains(string(r.sent[0].Body), "RecordAgeExceeded") {
		t.Errorf("delivered %s, dead %v", details(r.entries), r.sent)
	}
}

func TestARecordThatMakesNoJSONIsPoison(t *testing.T) {
	r := newRig(t)
	r.write("OrderPlaced", 1)
	r.pipe(`,"MaximumRetryAttempts":0,"DeadLetterConfig":{"Arn":"`+dead+`"}`, `"Target":"`+bus+`","TargetParameters":{"InputTemplate":"{\"a\": \"<$.dynamodb.Keys>\"}"}`)
	r.run(time.Second)
	if len(r.entries) != 0 || len(r.sent) != 1 {
		t.Errorf("delivered %v, dead %v", r.entries, r.sent)
	}
}

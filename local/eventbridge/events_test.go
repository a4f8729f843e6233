package eventbridge_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
	"twofold/local/eventbridge"
)

func TestAnEventReachesTheTargetsOfMatchingRules(t *testing.T) {
	r := newRig(t)
	r.shop(east, "")
	r.put(east, "shop", `{ "kind": "placed", "orderId": "ord_1" }`)
	r.put(east, "shop", `{"kind":"other"}`)
	r.run(time.Second)
	if len(r.deliveries) != 1 {
		t.Fatalf("%d deliveries, want 1", len(r.deliveries))
	}
	d := r.deliveries[0]
	var e map[string]any
	if err := json.Unmarshal(d.Body, &e); err != nil {
		t.Fatal(err)
	}
	id, _ := e["id"].(string)
	want := `{"version":"0","id":"` + id + `","detail-type":"OrderPlaced","source":"twofold.order","account":"000000000000","time":"2026-05-01T12:00:00Z","region":"us-east-1","resources":[],"detail":{"kind":"placed","orderId":"ord_1"}}`
	if string(d.Body) != want || len(id) != 36 {
		t.Errorf("got  %s\nwant %s", d.Body, want)
	}
	if d.TargetARN != queue(east) || d.Principal.Service != "events.amazonaws.com" || d.SourceARN != core.ARN("events", east, "rule/shop/placed") {
		t.Errorf("delivered to %s by %v of %s", d.TargetARN, d.Principal, d.SourceARN)
	}
	if n := r.cloud.Journal.Count(core.KindEvent); n != 2 {
		t.Errorf("%d events journalled, want 2", n)
	}
	if n := r.cloud.Journal.Count(core.KindUnmatched); n != 1 {
		t.Errorf("%d unmatched, want 1", n)
	}
}

func TestPutEventsJudgesEntriesOneByOne(t *testing.T) {
	r := newRig(t)
	out := r.must(east, "PutEvents", `{"Entries":[
		{"DetailType":"d","Detail":"{}"},{"Source":"s","Detail":"{}"},{"Source":"s","DetailType":"d"},
		{"Source":"s","DetailType":"d","Detail":"not json"},{"Source":"s","DetailType":"d","Detail":"[1]"},{"Source":"s","DetailType":"d","Detail":"\"x\""},
		{"Source":"aws.ec2","DetailType":"d","Detail":"{}"},{"Source":"s","DetailType":"d","Detail":"{}","Time":"yesterday"},
		{"Source":"s","DetailType":"d","Detail":"{}","Time":1777629600,"Resources":["a"]}]}`)
	var got []string
	for _, e := range out["Entries"].([]any) {
		m := e.(map[string]any)
		code, _ := m["ErrorCode"].(string)
		message, _ := m["ErrorMessage"].(string)
		got = append(got, code+" "+message)
	}
	want := []string{
		"InvalidArgument Parameter Source is not valid. Reason: Source is a required argument.",
		"InvalidArgument Parameter DetailType is not valid. Reason: DetailType is a required argument.",
		"InvalidArgument Parameter Detail is not valid. Reason: Detail is a required argument.",
		"MalformedDetail Detail is malformed.", "MalformedDetail Detail is malformed.", "MalformedDetail Detail is malformed.",
		"NotAuthorizedForSourceException Not authorized for the source.",
		"InvalidArgument Parameter Time is not valid.", " ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if out["FailedEntryCount"] != 8.0 {
		t.Errorf("FailedEntryCount is %v", out["FailedEntryCount"])
	}
	if n := r.cloud.Journal.Count(core.KindEvent); n != 1 {
		t.Errorf("%d events, want 1: an entry that failed must not be sent", n)
	}
}

func TestPutEventsLimits(t *testing.T) {
	r := newRig(t)
	entry := `{"Source":"s","DetailType":"d","Detail":"{}"}`
	shown := "PutEventsRequestEntry(time=null, source=s, resources=null, detailType=d, detail={}, eventBusName=null, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
	r.refused(east, "PutEvents", `{"Entries":[`+strings.Repeat(entry+",", 10)+entry+`]}`, "ValidationException",
		"1 validation error detected: Value '["+strings.Repeat(shown+", ", 10)+shown+"]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
	r.refused(east, "PutEvents", `{"Entries":[]}`, "ValidationException",
		"1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must have length greater than or equal to 1")
	big := strings.Repeat("x", 256<<10)
	r.refused(east, "PutEvents", `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{\"a\":\"`+big+`\"}"}]}`, "ValidationException",
		"Total size of the entries in the request is over the limit.")
	if n := r.cloud.Journal.Count(core.KindEvent); n != 0 {
		t.Errorf("%d events of refused requests", n)
	}
}

func TestAnEventForNoBusIsAnsweredAndDropped(t *testing.T) {
	r := newRig(t)
	r.put(east, "nowhere", `{}`)
	if n := r.cloud.Journal.Count(core.KindDropped); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
}

func TestMeterCountsChunksOf64KB(t *testing.T) {
	r := newRig(t)
	r.put(east, "", `{}`)
	r.put(east, "", `{"a":"`+strings.Repeat("x", 64<<10)+`"}`)
	for _, line := range r.cloud.Meter.Read() {
		if line.Unit == "events:CustomEvent" && line.Region == east && line.N == 3 {
			return
		}
	}
	t.Errorf("meter reads %v, want 3 custom events", r.cloud.Meter.Read())
}

type denyAll struct{}

func (denyAll) Allowed(core.Principal, string, string, []core.ConditionKey) error {
	return errors.New("no policy allows it")
}

func TestPutEventsNeedsPermission(t *testing.T) {
	r := newRig(t)
	r.cloud.UseAuthorizer(denyAll{})
	_, err := r.cloud.Do(t.Context(), &core.Call{Region: east, Service: "events", Operation: "PutEvents", Principal: core.Principal{RoleARN: "arn:role"},
		Body: []byte(`{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}"}]}`)})
	if err == nil || !strings.Contains(err.Error(), "events:PutEvents on resource: arn:aws:events:us-east-1:000000000000:event-bus/default") {
		t.Errorf("got %v", err)
	}
	if r.cloud.Journal.Count(core.KindEvent) != 0 {
		t.Error("the event was put all the same")
	}
}

func TestTestEventPattern(t *testing.T) {
	r := newRig(t)
	event := `{\"id\":\"1\",\"source\":\"s\",\"detail-type\":\"d\",\"account\":\"1\",\"region\":\"r\",\"time\":\"t\"}`
	if out := r.must(east, "TestEventPattern", `{"EventPattern":"{\"id\":[\"1\"]}","Event":"`+event+`"}`); out["Result"] != true {
		t.Errorf("got %v", out)
	}
	if out := r.must(east, "TestEventPattern", `{"EventPattern":"{\"id\":[\"2\"]}","Event":"`+event+`"}`); out["Result"] != false {
		t.Errorf("got %v", out)
	}
	for _, bad := range []string{`plain`, `[]`, `{}`} {
		r.refused(east, "TestEventPattern", `{"EventPattern":"{\"id\":[\"2\"]}","Event":"`+bad+`"}`, "ValidationException", "Parameter Event is not valid.")
	}
	r.refused(east, "TestEventPattern", `{"EventPattern":"{\"id\":[]}","Event":"`+event+`"}`, "InvalidEventPatternException",
		"Event pattern is not valid. Reason: Empty arrays are not allowed\n at [Source: (String)\"{\"id\":[]}\"; line: 1, column: 9]")
}

func TestValidatePortSeesEveryEvent(t *testing.T) {
	var invalid []string
	r := newRig(t, func(p *eventbridge.Ports) {
		p.Validate = func(_, bus string, event []byte) error {
			if strings.Contains(string(event), "bad") {
				return errors.New("no such kind")
			}
			return nil
		}
		p.Invalid = func(region, bus string, _ []byte, err error) {
			invalid = append(invalid, region+" "+bus+" "+err.Error())
		}
	})
	r.put(east, "", `{"kind":"good"}`)
	r.put(east, "", `{"kind":"bad"}`)
	if len(invalid) != 1 || invalid[0] != "us-east-1 default no such kind" || r.cloud.Journal.Count(core.KindInvalid) != 1 {
		t.Errorf("got %v", invalid)
	}
}

func TestArchiveKeepsAndReplays(t *testing.T) {
	r := newRig(t)
	r.shop(east, "")
	bus := core.ARN("events", east, "event-bus/shop")
	r.provision(east, "AWS::Events::Archive", "Archive", `{"ArchiveName":"kept","SourceArn":"`+bus+`","RetentionDays":"2","EventPattern":{"detail":{"kind":["placed"]}}}`)
	r.put(east, "shop", `{"kind":"placed","n":1}`)
	r.put(east, "shop", `{"kind":"else"}`)
	r.run(time.Hour)
	r.put(east, "shop", `{"kind":"placed","n":2}`)
	r.run(time.Hour)
	if out := r.must(east, "DescribeArchive", `{"ArchiveName":"kept"}`); out["EventCount"] != 2.0 || out["RetentionDays"] != 2.0 {
		t.Errorf("archive is %v", out)
	}
	r.deliveries = nil
	from := `"EventStartTime":1777636800,"EventEndTime":1777640000`
	r.must(east, "StartReplay", `{"ReplayName":"again","EventSourceArn":"arn:aws:events:us-east-1:000000000000:archive/kept",`+from+`,"Destination":{"Arn":"`+bus+`"}}`)
	r.run(time.Second)
	if len(r.deliveries) != 1 || !strings.Contains(string(r.deliveries[0].Body), `"region":"us-east-1","replay-name":"again","resources":[],"detail":{"kind":"placed","n":1}`) {
		t.Fatalf("replayed %v", r.deliveries)
	}
	if out := r.must(east, "DescribeReplay", `{"ReplayName":"again"}`); out["State"] != "COMPLETED" {
		t.Errorf("replay is %v", out)
	}
	if out := r.must(east, "DescribeArchive", `{"ArchiveName":"kept"}`); out["EventCount"] != 2.0 {
		t.Errorf("a replayed event was archived again: %v", out)
	}
	r.run(48 * time.Hour)
	if out := r.must(east, "DescribeArchive", `{"ArchiveName":"kept"}`); out["EventCount"] != 0.0 {
		t.Errorf("after the retention the archive holds %v", out["EventCount"])
	}
	r.refused(east, "StartReplay", `{"ReplayName":"again","EventSourceArn":"arn:aws:events:us-east-1:000000000000:archive/kept",`+from+`,"Destination":{"Arn":"`+bus+`"}}`,
		"ResourceAlreadyExistsException", "Replay again already exists.")
	r.refused(east, "StartReplay", `{"ReplayName":"x","EventSourceArn":"arn:aws:events:us-east-1:000000000000:archive/kept",`+from+`,"Destination":{"Arn":"default"}}`,
		"ValidationException", "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
}

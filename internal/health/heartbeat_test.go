package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// still is a heart of which nothing is known.
type still struct{}

func (still) beat(context.Context, time.Time) (time.Duration, bool, error) { return 0, false, nil }

// replicated is a table that both regions see at once.
type replicated struct {
	items map[string]platform.Item
	down  error
}

func (r replicated) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	r.items[in.Item["pk"].(*types.AttributeValueMemberS).Value] = in.Item
	return &dynamodb.PutItemOutput{}, r.down
}

func (r replicated) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return &dynamodb.GetItemOutput{Item: r.items[in.Key["pk"].(*types.AttributeValueMemberS).Value]}, r.down
}

func TestAHeartbeatsAgeGrowsWhileThePeerIsNotHeard(t *testing.T) {
	table := replicated{items: map[string]platform.Item{}}
	east := heartbeat{db: table, table: "catalogue", region: "us-east-1", peer: "us-west-2"}
	west := heartbeat{db: table, table: "catalogue", region: "us-west-2", peer: "us-east-1"}
	if _, seen, err := east.beat(t.Context(), noon); seen || err != nil {
		t.Errorf("a peer was seen that never beat: %v", err)
	}
	if lag, seen, err := west.beat(t.Context(), noon.Add(20*time.Second)); !seen || lag != 20*time.Second || err != nil {
		t.Errorf("%v %v %v", lag, seen, err)
	}
	if lag, _, _ := west.beat(t.Context(), noon.Add(time.Hour)); lag != time.Hour {
		t.Errorf("%v after an hour of silence", lag)
	}
	if len(table.items) != 2 {
		t.Errorf("two regions wrote %d items: each has one of its own", len(table.items))
	}
}

func TestTheProbeSaysHowLateReplicationIsAndGoesOnWhereItCannot(t *testing.T) {
	table := replicated{items: map[string]platform.Item{}}
	west := heartbeat{db: table, table: "catalogue", region: "us-west-2", peer: "us-east-1"}
	if _, _, err := west.beat(t.Context(), noon.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	run := func(down error) map[string]any {
		var out bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&out, nil))
		rt := platform.Runtime{Clock: clocktest.At(noon), Log: log, Getenv: func(string) string { return "Twofold/test" }}
		p := &probe{table: healthTable{db: &testTable{}, name: "health"}, clock: rt.Clock, log: log, metrics: rt.Metrics(),
			heart: heartbeat{db: replicated{table.items, down}, table: "catalogue", region: "us-east-1", peer: "us-west-2"}}
		if err := p.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		var last map[string]any
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
			t.Fatal(err)
		}
		return last
	}
	if line := run(nil); line["ReplicationLag"] != 60.0 || line["ChecksFailed"] != 0.0 {
		t.Errorf("%v", line)
	}
	if line := run(errors.New("gone")); line["ReplicationLag"] != nil || line["ChecksFailed"] != 0.0 {
		t.Errorf("%v", line)
	}
}

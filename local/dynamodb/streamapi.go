package dynamodb

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"twofold/local/core"
)

// A stream has one shard, which stays open: the API allows it, and readers cannot tell.

// streamHandler is the handler of a DynamoDB Streams operation, or nil.
func (s *Service) streamHandler(operation string) handler {
	switch operation {
	case "ListStreams":
		return s.listStreams
	case "DescribeStream":
		return s.describeStream
	case "GetShardIterator":
		return s.shardIterator
	case "GetRecords":
		return s.getRecords
	}
	return nil
}

// streamTable is the table of a stream.
func (s *Service) streamTable(region, arn string) (*table, error) {
	_, rest, _ := strings.Cut(arn, ":table/")
	name, _, _ := strings.Cut(rest, "/stream/")
	if t, ok := s.table(region, name); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.stream != nil && t.stream.arn == arn {
			return t, nil
		}
	}
	return nil, core.Errorf("ResourceNotFoundException", "Requested resource not found: Stream: %s not found", arn)
}

func (s *Service) listStreams(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r struct {
		TableName               string
		ExclusiveStartStreamArn string
		Limit                   *int
	}
	if err := call.Decode(&r); err != nil {
		return nil, coreError(err)
	}
	if err := call.Authorize("dynamodb:ListStreams", core.ARN("dynamodb", call.Region, "table/"+first(r.TableName, "*")+"/stream/*")); err != nil {
		return nil, coreError(err)
	}
	limit := 100
	if r.Limit != nil {
		limit = min(*r.Limit, 100)
	}
	list := []map[string]string{}
	for _, t := range s.tablesOf(call.Region) {
		t.mu.Lock()
		st := t.stream
		t.mu.Unlock()
		if st == nil || r.TableName != "" && t.name != nameOfTable(r.TableName) || st.arn <= r.ExclusiveStartStreamArn {
			continue
		}
		list = append(list, map[string]string{"StreamArn": st.arn, "TableName": t.name, "StreamLabel": st.label})
	}
	out := map[string]any{"Streams": list[:min(limit, len(list))]}
	if len(list) > limit {
		out["LastEvaluatedStreamArn"] = list[limit-1]["StreamArn"]
	}
	return marshal(out)
}

// openStream authorizes an action on a stream and finds its table.
func (s *Service) openStream(call *core.Call, action, arn string) (*table, *core.Error) {
	if arn == "" {
		return nil, invalid("1 validation error detected: Value null at 'streamArn' failed to satisfy constraint: Member must not be null")
	}
	if err := call.Authorize("dynamodb:"+action, arn); err != nil {
		return nil, coreError(err)
	}
	t, err := s.streamTable(call.Region, arn)
	if err != nil {
		return nil, coreError(err)
	}
	return t, nil
}

func (st *stream) shard() string {
	return fmt.Sprintf("shardId-%020d-00000001", st.created.UnixMilli())
}

func (s *Service) describeStream(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r struct{ StreamArn, ExclusiveStartShardId string }
	if err := call.Decode(&r); err != nil {
		return nil, coreError(err)
	}
	t, err := s.openStream(call, "DescribeStream", r.StreamArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	st := t.stream
	shards := []any{}
	if r.ExclusiveStartShardId == "" {
		shards = append(shards, map[string]any{"ShardId": st.shard(),
			"SequenceNumberRange": map[string]string{"StartingSequenceNumber": sequence(1)}})
	}
	return marshal(map[string]any{"StreamDescription": map[string]any{"StreamArn": st.arn, "StreamLabel": st.label, "StreamStatus": "ENABLED",
		"StreamViewType": st.view, "CreationRequestDateTime": float64(st.created.UnixMilli()) / 1000, "TableName": t.name,
		"KeySchema": describeKeys(t.schema.hash, t.schema.sort), "Shards": shards}})
}

func (s *Service) shardIterator(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r struct{ StreamArn, ShardId, ShardIteratorType, SequenceNumber string }
	if err := call.Decode(&r); err != nil {
		return nil, coreError(err)
	}
	t, err := s.openStream(call, "GetShardIterator", r.StreamArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.ShardId != t.stream.shard() {
		return nil, core.Errorf("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
	}
	after := uint64(0)
	switch r.ShardIteratorType {
	case "TRIM_HORIZON":
	case "LATEST":
		after = t.stream.next - 1
	case "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER":
		seq, perr := strconv.ParseUint(r.SequenceNumber, 10, 64)
		if perr != nil || seq == 0 {
			return nil, invalid("One or more parameter values were invalid: Invalid SequenceNumber")
		}
		if after = seq; r.ShardIteratorType == "AT_SEQUENCE_NUMBER" {
			after--
		}
	default:
		return nil, invalid("1 validation error detected: Value '%s' at 'shardIteratorType' failed to satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_SEQUENCE_NUMBER, TRIM_HORIZON]", r.ShardIteratorType)
	}
	return marshal(map[string]string{"ShardIterator": iterator(r.StreamArn, after)})
}

// iterator is a position in a stream, opaque to clients.
func iterator(arn string, after uint64) string {
	return arn + "|1|" + base64.StdEncoding.EncodeToString(strconv.AppendUint(nil, after, 10))
}

func parseIterator(text string) (arn string, after uint64, ok bool) {
	parts := strings.Split(text, "|")
	if len(parts) != 3 {
		return "", 0, false
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return "", 0, false
	}
	after, err = strconv.ParseUint(string(raw), 10, 64)
	return parts[0], after, err == nil
}

func (s *Service) getRecords(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r struct {
		ShardIterator string
		Limit         *int
	}
	if err := call.Decode(&r); err != nil {
		return nil, coreError(err)
	}
	arn, after, ok := parseIterator(r.ShardIterator)
	if !ok {
		return nil, invalid("Invalid ShardIterator")
	}
	t, err := s.openStream(call, "GetRecords", arn)
	if err != nil {
		return nil, err
	}
	limit := 1000
	if r.Limit != nil {
		limit = min(limit, max(1, *r.Limit))
	}
	t.mu.Lock()
	t.stream.trim(s.cloud.Now())
	found := slices.Clone(t.stream.after(after, limit))
	t.mu.Unlock()
	s.cloud.Meter.Add(call.Region, unitStreamRead, 1)
	records := make([]json.RawMessage, len(found))
	for i, c := range found {
		records[i] = c.encode(`"userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"},`)
		after = c.seq
	}
	return marshal(map[string]any{"Records": records, "NextShardIterator": iterator(arn, after)})
}

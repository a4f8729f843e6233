package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/rand"

	"twofold/internal/platform"
	"twofold/local/core"
)

// told is what was seen of some calls: what the service was asked, when, and what the caller got.
type told struct{ asked, got []string }

// tell makes calls with a client in a world of their own. fault decides about each attempt, counted from 0; nil breaks nothing.
func tell(t *testing.T, client func(platform.Runtime) platform.Tables, fault func(attempt int) error, calls func(ctx context.Context, c platform.Tables, table string, got func(out any, err error))) told {
	t.Helper()
	w, _, rt := outside(t)
	var seen told
	begin := w.Cloud().Now()
	w.Cloud().Faults.InterceptBefore(func(_ context.Context, call *core.Call) error {
		if call.Service != "dynamodb" || call.Header == nil || !call.Principal.Operator() {
			return nil
		}
		seen.asked = append(seen.asked, fmt.Sprintf("%v %s %s", w.Cloud().Now().Sub(begin), call.Operation, sorted(t, call.Body)))
		if fault == nil {
			return nil
		}
		return fault(len(seen.asked) - 1)
	})
	err := w.Do(context.Background(), "calls", func(ctx context.Context) error {
		calls(ctx, client(rt), w.table("mails"), func(out any, err error) { seen.got = append(seen.got, asText(t, out, err)) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// sorted is JSON without the order of members, which Go draws anew for each map.
func sorted(t *testing.T, raw []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// requestID is drawn, and in nobody's way.
var requestID = regexp.MustCompile(`RequestID: [^,]*`)

// asText is an answer with all its members, and an error with the types that it wraps.
func asText(t *testing.T, out any, err error) string {
	t.Helper()
	raw, jerr := json.Marshal(out)
	if jerr != nil {
		t.Fatal(jerr)
	}
	if err == nil {
		return string(raw)
	}
	text := requestID.ReplaceAllString(err.Error(), "RequestID: *")
	for ; err != nil; err = errors.Unwrap(err) {
		text += fmt.Sprintf(" %T", err)
		if cancelled, ok := err.(*types.TransactionCanceledException); ok {
			text += fmt.Sprint(len(cancelled.CancellationReasons))
		}
	}
	return text
}

func theSDKs(rt platform.Runtime) platform.Tables {
	return dynamodb.NewFromConfig(rt.AWS, func(o *dynamodb.Options) { o.IdempotencyTokenProvider = rand.NewUUIDIdempotencyToken(rt.Rand) })
}

func sameAsTheSDKs(t *testing.T, fault func(attempt int) error, calls func(ctx context.Context, c platform.Tables, table string, got func(out any, err error))) told {
	t.Helper()
	sdk, sim := tell(t, theSDKs, fault, calls), tell(t, platform.Runtime.DynamoDB, fault, calls)
	if !slices.Equal(sdk.asked, sim.asked) {
		t.Errorf("the SDK's client asked\n%q\nand the simulated one\n%q", sdk.asked, sim.asked)
	}
	if !slices.Equal(sdk.got, sim.got) {
		t.Errorf("the SDK's client got\n%q\nand the simulated one\n%q", sdk.got, sim.got)
	}
	return sim
}

func TestTheSimulatedClientOfTablesSaysAndHearsWhatTheSDKsDoes(t *testing.T) {
	key := func(sk string) platform.Item {
		return platform.Item{"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: sk}}
	}
	item := key("1")
	item["n"], item["b"] = &types.AttributeValueMemberN{Value: "1.5"}, &types.AttributeValueMemberB{Value: []byte("bytes")}
	item["m"] = &types.AttributeValueMemberM{Value: platform.Item{"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberBOOL{Value: true}, &types.AttributeValueMemberNULL{Value: true}}}}}
	item["ss"] = &types.AttributeValueMemberSS{Value: []string{"x", "y \" \u2028"}}
	all := platform.Item{":pk": &types.AttributeValueMemberS{Value: "a"}}
	seen := sameAsTheSDKs(t, nil, func(ctx context.Context, c platform.Tables, table string, got func(any, error)) {
		absent := aws.String("attribute_not_exists(pk)")
		put := func(sk string) types.TransactWriteItem {
			return types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: key(sk), ConditionExpression: absent, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}}
		}
		for range 2 { // the second time it stands there
			got(c.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: item, ConditionExpression: absent, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}))
			got(c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("2"), put("3")}}))
		}
		got(c.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key("1"), ConsistentRead: aws.Bool(true)}))
		got(c.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key("none")}))
		got(c.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &table, Key: key("1"), UpdateExpression: aws.String("SET n = n + :one"), ReturnValues: types.ReturnValueUpdatedNew,
			ExpressionAttributeValues: platform.Item{":one": &types.AttributeValueMemberN{Value: "1"}}}))
		for pages := dynamodb.NewQueryPaginator(c, &dynamodb.QueryInput{TableName: &table, Limit: aws.Int32(2), KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: all}); pages.HasMorePages(); {
			got(pages.NextPage(ctx))
		}
		got(c.Scan(ctx, &dynamodb.ScanInput{TableName: &table}))
		got(c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: {Keys: []platform.Item{key("2"), key("none")}}}}))
		got(c.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: {{DeleteRequest: &types.DeleteRequest{Key: key("2")}}}}}))
		got(c.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &table, Key: key("3"), ReturnValues: types.ReturnValueAllOld}))
		got(c.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("none"), Key: key("1")}))
		got(c.Query(ctx, &dynamodb.QueryInput{TableName: &table, KeyConditionExpression: aws.String("pk =")}))
	})
	if len(seen.got) != len(seen.asked) || len(seen.got) < 15 {
		t.Errorf("%d answers to %d calls", len(seen.got), len(seen.asked))
	}
}

func TestTheSimulatedClientOfTablesTriesAgainAndGivesUpAsTheSDKsDoes(t *testing.T) {
	throttled := &core.Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: http.StatusBadRequest}
	for name, c := range map[string]struct {
		fault func(attempt int) error
		tries int
	}{
		"throttled once":   {func(n int) error { return errIf(n == 0, throttled) }, 2},
		"throttled always": {func(int) error { return throttled }, platform.SDKAttempts},
		"failing twice":    {func(n int) error { return errIf(n < 2, failed("dynamodb")) }, 3},
		"unreachable":      {func(int) error { return core.ErrUnreachable }, platform.SDKAttempts},
		"refused":          {func(int) error { return core.Errorf("AccessDeniedException", "no") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			seen := sameAsTheSDKs(t, c.fault, func(ctx context.Context, tables platform.Tables, table string, got func(any, error)) {
				got(tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: platform.Item{"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberS{Value: "b"}}}))
			})
			if len(seen.asked) != c.tries {
				t.Errorf("%d attempts, want %d: %q", len(seen.asked), c.tries, seen.asked)
			}
		})
	}
}

func errIf(does bool, err error) error {
	if does {
		return err
	}
	return nil
}

func TestTheSimulatedClientOfTablesStopsWithItsCallerAsTheSDKsDoes(t *testing.T) {
	for name, wait := range map[string]time.Duration{"before the call": time.Minute, "during the call": 0} {
		t.Run(name, func(t *testing.T) {
			var heard []string
			for _, client := range []func(platform.Runtime) platform.Tables{theSDKs, platform.Runtime.DynamoDB} {
				w, d, rt := outside(t)
				w.Cloud().Faults.InterceptBefore(func(ctx context.Context, call *core.Call) error {
					if call.Operation != "Scan" || !call.Principal.Operator() {
						return nil
					}
					return d.Sleep(ctx, time.Minute)
				})
				err := w.Do(context.Background(), "call", func(ctx context.Context) error {
					ctx, cancel := d.WithTimeout(ctx, time.Second)
					defer cancel()
					_ = d.Sleep(ctx, wait) // until the time is up
					_, err := client(rt).Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("none")})
					return err
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				heard = append(heard, asText(t, nil, err))
			}
			if heard[0] != heard[1] {
				t.Errorf("the SDK's client says\n%s\nand the simulated one\n%s", heard[0], heard[1])
			}
		})
	}
}

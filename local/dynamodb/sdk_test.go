package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/local/core"
)

// transport carries SDK requests to the cloud without a network.
type transport struct{ cloud *core.Cloud }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	status, header, answer := core.Encode(t.cloud.Do(r.Context(), &core.Call{Region: east, Service: "dynamodb", Operation: op, Body: body}))
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(answer)), Request: r}, nil
}

func liveClient(t testing.TB) (*dynamodb.Client, *Service, *core.Cloud) {
	faults := core.NewFaults(0)
	live := core.NewLive(faults)
	cloud := core.New(live, faults, 1)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); live.Drain() })
	svc := New(ctx, cloud, Options{})
	cloud.Register("dynamodb", svc)
	w := &world{t: t, cloud: cloud, svc: svc}
	w.globalTable("glob")
	return dynamodb.New(dynamodb.Options{Region: east, HTTPClient: &http.Client{Transport: transport{cloud}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})}), svc, cloud
}

func sdkKey(pk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: "s"}}
}

func TestTheSDKReadsAnswersAndErrors(t *testing.T) {
	client, _, _ := liveClient(t)
	ctx := t.Context()
	table := aws.String("glob")
	put := &dynamodb.PutItemInput{TableName: table, Item: sdkKey("a"), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}
	if _, err := client.PutItem(ctx, put); err != nil {
		t.Fatal(err)
	}
	var failed *types.ConditionalCheckFailedException
	if _, err := client.PutItem(ctx, put); !errors.As(err, &failed) || len(failed.Item) != 2 {
		t.Errorf("got %v", err)
	}
	_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{
		TableName: table, Item: sdkKey("a"), ConditionExpression: aws.String("attribute_not_exists(pk)")}}}})
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 1 || *cancelled.CancellationReasons[0].Code != "ConditionalCheckFailed" {
		t.Errorf("got %v", err)
	}
	out, err := client.Query(ctx, &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": &types.AttributeValueMemberS{Value: "a"}}, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})
	if err != nil || out.Count != 1 || *out.ConsumedCapacity.CapacityUnits != 0.5 {
		t.Errorf("got %v %v", out, err)
	}
}

// TestConcurrentCallersLoseNothing runs counters, transactions, replication, streams and TTL at once, live.
func TestConcurrentCallersLoseNothing(t *testing.T) {
	client, svc, cloud := liveClient(t)
	var wg sync.WaitGroup
	const callers, rounds = 8, 50
	for c := range callers {
		wg.Go(func() {
			for range rounds {
				_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
					{Update: &types.Update{TableName: aws.String("glob"), Key: sdkKey("shared"), UpdateExpression: aws.String("ADD c :o"),
						ExpressionAttributeValues: map[string]types.AttributeValue{":o": &types.AttributeValueMemberN{Value: "1"}}}},
					{Update: &types.Update{TableName: aws.String("glob"), Key: sdkKey(fmt.Sprint("own", c)), UpdateExpression: aws.String("ADD c :o"),
						ExpressionAttributeValues: map[string]types.AttributeValue{":o": &types.AttributeValueMemberN{Value: "1"}}}}}})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	arn := func() string { tb, _ := svc.table(west, "glob"); return tb.physical().Attrs["StreamArn"].(string) }()
	seen := uint64(0)
	for seen < 2*callers*rounds {
		records, err := svc.ReadStream(core.WithRegion(t.Context(), west), west, arn, seen, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Seq != seen+1 {
				t.Fatalf("record %d after %d", r.Seq, seen)
			}
			seen = r.Seq
		}
	}
	wg.Wait()
	for _, region := range []string{east, west} {
		items := svc.Items(region, "glob")
		if len(items) != callers+1 || !strings.Contains(string(items[callers].JSON), fmt.Sprintf(`"c":{"N":"%d"}`, callers*rounds)) {
			t.Errorf("%s: %d items, last %s", region, len(items), items[len(items)-1].JSON)
		}
	}
	if n := cloud.Journal.Count(core.KindConflict); n != 0 {
		t.Errorf("%d conflicts", n)
	}
}

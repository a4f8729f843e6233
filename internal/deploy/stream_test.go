package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform/clocktest"
)

// tables answers DescribeTable with one answer after the other, the last for ever.
type tables []func() (*types.TableDescription, error)

func (t *tables) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	answer := (*t)[0]
	if len(*t) > 1 {
		*t = (*t)[1:]
	}
	d, err := answer()
	return &dynamodb.DescribeTableOutput{Table: d}, err
}

func is(status types.TableStatus, stream *string) func() (*types.TableDescription, error) {
	return func() (*types.TableDescription, error) {
		return &types.TableDescription{TableStatus: status, LatestStreamArn: stream}, nil
	}
}

func fails(err error) func() (*types.TableDescription, error) {
	return func() (*types.TableDescription, error) { return nil, err }
}

// address takes the answer as CloudFormation's does.
type address struct {
	got    cfn.Response
	status int
}

func (a *address) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPut || r.URL.String() != "https://cfn.example/answer" {
		return nil, errors.New("not an answer to CloudFormation")
	}
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(strings.NewReader(""))}, json.Unmarshal(body, &a.got)
}

func lookUp(t *testing.T, kind cfn.RequestType, table string, answers ...func() (*types.TableDescription, error)) (cfn.Response, error) {
	t.Helper()
	a, described := &address{status: http.StatusOK}, tables(answers)
	l := &streamLookup{tables: &described, http: &http.Client{Transport: a}, clock: &clocktest.Clock{}, log: slog.New(slog.DiscardHandler)}
	err := l.handle(context.Background(), cfn.Event{
		RequestType: kind, RequestID: "r-1", StackID: "s-1", LogicalResourceID: "OrdersStream", PhysicalResourceID: "before",
		ResponseURL: "https://cfn.example/answer", ResourceProperties: map[string]any{"TableName": table},
	})
	return a.got, err
}

func TestTheStreamOfAReplicaIsAnsweredAsSoonAsItIsThere(t *testing.T) {
	arn := aws.String("arn:aws:dynamodb:us-west-2:000000000000:table/orders/stream/1")
	absent := fails(&types.ResourceNotFoundException{})
	cases := map[string][]func() (*types.TableDescription, error){
		"there":             {is(types.TableStatusActive, arn)},
		"still being made":  {absent, is(types.TableStatusCreating, nil), is(types.TableStatusCreating, nil), is(types.TableStatusActive, arn)},
		"there before done": {is(types.TableStatusUpdating, arn)},
	}
	for name, answers := range cases {
		for _, kind := range []cfn.RequestType{cfn.RequestCreate, cfn.RequestUpdate} {
			got, err := lookUp(t, kind, "orders", answers...)
			if err != nil || got.Status != cfn.StatusSuccess || got.Data["StreamArn"] != *arn || got.PhysicalResourceID != "orders" ||
				got.RequestID != "r-1" || got.StackID != "s-1" || got.LogicalResourceID != "OrdersStream" {
				t.Errorf("%s, %s: %+v, %v", name, kind, got, err)
			}
		}
	}
}

func TestAStreamThatCannotBeHadFailsWithItsReason(t *testing.T) {
	cases := []struct {
		name, table, reason string
		answer              func() (*types.TableDescription, error)
	}{
		{"no table named", "", "TableName", fails(nil)},
		{"never made", "orders", "not there yet", is(types.TableStatusCreating, nil)},
		{"no stream", "orders", "StreamSpecification", is(types.TableStatusActive, nil)},
		{"denied", "orders", "denied", fails(errors.New("denied"))},
	}
	for _, c := range cases {
		got, err := lookUp(t, cfn.RequestCreate, c.table, c.answer)
		if err != nil || got.Status != cfn.StatusFailed || !strings.Contains(got.Reason, c.reason) || got.PhysicalResourceID == "" {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func TestDeletingAsksNobody(t *testing.T) {
	got, err := lookUp(t, cfn.RequestDelete, "orders", fails(errors.New("not to be asked")))
	if err != nil || got.Status != cfn.StatusSuccess || got.PhysicalResourceID != "orders" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnAnswerThatCouldNotBePutIsAnError(t *testing.T) {
	a, described := &address{status: http.StatusForbidden}, tables{is(types.TableStatusActive, aws.String("arn"))}
	l := &streamLookup{tables: &described, http: &http.Client{Transport: a}, clock: &clocktest.Clock{}, log: slog.New(slog.DiscardHandler)}
	e := cfn.Event{RequestType: cfn.RequestCreate, ResponseURL: "https://cfn.example/answer", ResourceProperties: map[string]any{"TableName": "orders"}}
	if err := l.handle(context.Background(), e); err == nil {
		t.Error("Lambda would not try again")
	}
}

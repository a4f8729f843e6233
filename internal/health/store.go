package health

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
)

// The keys of the table.
const (
	partition    = "health"
	probeSort    = "probe"
	operatorSort = "operator"
)

// timeForm is how times are stored: UTC, milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z"

// Report is what a probe found. The schema Health of openapi.yaml says what clients see of it.
type Report struct {
	At     time.Time
	Checks []Finding // by name
}

// Finding is one thing that was looked at.
type Finding struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
}

// status is all that the table holds.
type status struct {
	report   Report
	probed   bool // there is a report
	takenOut bool // an operator has taken the region out
}

// healthTable keeps the last report.
type healthTable struct {
	db   database
	name string
}

// database is what the table uses of a DynamoDB client.
type database interface {
	Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func (t healthTable) save(ctx context.Context, r Report) error {
	checks := platform.Item{}
	for _, f := range r.Checks {
		checks[f.Name] = &types.AttributeValueMemberBOOL{Value: f.OK}
	}
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: platform.Item{
		"pk": str(partition), "sk": str(probeSort), "at": str(r.At.UTC().Format(timeForm)),
		"checks": &types.AttributeValueMemberM{Value: checks},
	}})
	return platform.FromAWS(err)
}

func (t healthTable) load(ctx context.Context) (status, error) {
	res, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: platform.Item{":pk": str(partition)},
	})
	if err != nil {
		return status{}, platform.FromAWS(err)
	}
	var s status
	for _, item := range res.Items {
		switch sk, _ := item["sk"].(*types.AttributeValueMemberS); {
		case sk == nil:
		case sk.Value == operatorSort:
			s.takenOut = true
		case sk.Value == probeSort:
			s.report, s.probed = reportOf(item)
		}
	}
	return s, nil
}

// reportOf reads a report; false if it is none that this version understands, which is as if there were none.
func reportOf(item platform.Item) (Report, bool) {
	at, ok := item["at"].(*types.AttributeValueMemberS)
	checks, has := item["checks"].(*types.AttributeValueMemberM)
	if !ok || !has {
		return Report{}, false
	}
	when, err := time.Parse(timeForm, at.Value)
	if err != nil {
		return Report{}, false
	}
	r := Report{At: when}
	for name, v := range checks.Value {
		ok, _ := v.(*types.AttributeValueMemberBOOL)
		r.Checks = append(r.Checks, Finding{Name: name, OK: ok != nil && ok.Value})
	}
	slices.SortFunc(r.Checks, func(a, b Finding) int { return cmp.Compare(a.Name, b.Name) })
	return r, true
}

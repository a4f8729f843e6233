package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// DefaultRegions are the two regions of samconfig.toml.
const DefaultRegions = "us-east-1,us-west-2"

// Operator works on one stage. All fields must be set.
type Operator struct {
	Stage   string   // of samconfig.toml: "local", "staging", "prod"
	Regions []string // both
	Out     io.Writer
	Config  func(region string) aws.Config // where the services of a region are and who asks
	Now     func() time.Time
	Sleep   func(ctx context.Context, d time.Duration) error
}

// site is one region as an operator reaches it.
type site struct {
	op     *Operator
	region string
	db     *dynamodb.Client
	lambda *lambda.Client
	queues *sqs.Client
	states *sfn.Client
	events *eventbridge.Client
}

func (o *Operator) site(region string) (*site, error) {
	if !slices.Contains(o.Regions, region) {
		return nil, Usage{fmt.Sprintf("the stage %s has no region %q: it has %s (-regions names others)", o.Stage, region, strings.Join(o.Regions, " and "))}
	}
	cfg := o.Config(region)
	// The SDK's own check looks at bodies that it has read before, and warns of each answer. TLS guards them.
	db := dynamodb.NewFromConfig(cfg, func(opts *dynamodb.Options) { opts.DisableValidateResponseChecksum = true })
	return &site{op: o, region: region, db: db, lambda: lambda.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg),
		states: sfn.NewFromConfig(cfg), events: eventbridge.NewFromConfig(cfg)}, nil
}

// sites are all regions.
func (o *Operator) sites() ([]*site, error) {
	var out []*site
	for _, r := range o.Regions {
		s, err := o.site(r)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// other is the region that acts for a lost one.
func (o *Operator) other(region string) (*site, error) {
	if _, err := o.site(region); err != nil {
		return nil, err
	}
	for _, r := range o.Regions {
		if r != region {
			return o.site(r)
		}
	}
	return nil, Usage{"-regions names one region alone, and this needs its peer"}
}

func (s *site) table(name string) *string { return aws.String(s.op.name(name)) }

// name is how resources of the stage are called.
func (o *Operator) name(what string) string { return "twofold-" + o.Stage + "-" + what }

func (o *Operator) say(format string, args ...any) error {
	_, err := fmt.Fprintf(o.Out, format+"\n", args...)
	return err
}

// dry says what would be done.
func (o *Operator) dry(format string, args ...any) error {
	return o.say("Nothing was changed. With -apply: "+format+".", args...)
}

// Usage is a command line that cannot be carried out.
type Usage struct{ Why string }

// Error implements error.
func (u Usage) Error() string { return u.Why }

// explain says of an error of the SDK what it means to an operator.
func (s *site) explain(err error) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &api):
		return fmt.Errorf("%s cannot be reached, or there are no credentials: %w", s.region, err)
	case strings.Contains(api.ErrorCode(), "AccessDenied") || strings.Contains(api.ErrorCode(), "NotAuthorized"):
		return fmt.Errorf("%s: you are not permitted to do that: %w", s.region, err)
	case strings.Contains(api.ErrorCode(), "ResourceNotFound") || strings.Contains(api.ErrorCode(), "NonExistentQueue") || strings.Contains(api.ErrorCode(), "QueueDoesNotExist"):
		return fmt.Errorf("%s has no such thing: is the stage %q deployed there? %w", s.region, s.op.Stage, err)
	}
	return fmt.Errorf("%s: %w", s.region, err)
}

// invoke calls a function of the stage and reads its answer.
func (s *site) invoke(ctx context.Context, function string, in, out any) error {
	payload, err := json.Marshal(in)
	if err != nil {
		return err
	}
	res, err := s.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: s.table(function), Qualifier: aws.String("live"), Payload: payload})
	if err != nil {
		return s.explain(err)
	}
	if res.FunctionError == nil {
		return json.Unmarshal(res.Payload, out)
	}
	failure := Refused{Region: s.region, Function: function}
	if err := json.Unmarshal(res.Payload, &failure); err != nil {
		return err
	}
	return failure
}

// Refused is an error that a function of the platform answered with.
type Refused struct {
	Region, Function        string
	ErrorType, ErrorMessage string
}

// Error implements error.
func (r Refused) Error() string {
	return fmt.Sprintf("%s in %s: %s: %s", r.Function, r.Region, r.ErrorType, r.ErrorMessage)
}

type item = map[string]types.AttributeValue

func str(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

func key(pk, sk string) item { return item{"pk": str(pk), "sk": str(sk)} }

func text(i item, name string) string {
	if v, ok := i[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// query reads all pages of one partition of a table, or of an index of it; whatever else in has counts.
func (s *site) query(ctx context.Context, table string, in dynamodb.QueryInput) ([]item, error) {
	in.TableName = s.table(table)
	in.ConsistentRead = aws.Bool(in.IndexName == nil)
	var out []item
	for pages := dynamodb.NewQueryPaginator(s.db, &in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(err)
		}
		out = append(out, page.Items...)
	}
	return out, nil
}

// partition reads all items under one hash key.
func (s *site) partition(ctx context.Context, table, pk string) ([]item, error) {
	return s.query(ctx, table, dynamodb.QueryInput{KeyConditionExpression: aws.String("pk = :pk"), ExpressionAttributeValues: item{":pk": str(pk)}})
}

// get reads one item; nil if there is none.
func (s *site) get(ctx context.Context, table string, key item) (item, error) {
	res, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: s.table(table), Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, s.explain(err)
	}
	return res.Item, nil
}

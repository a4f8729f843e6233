package conformance

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// table makes a table with the key "pk".
func table(t *testing.T, client *dynamodb.Client, name string) {
	t.Helper()
	_, err := client.CreateTable(context.Background(), &dynamodb.CreateTableInput{TableName: &name, BillingMode: ddb.BillingModePayPerRequest,
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: ddb.ScalarAttributeTypeS}},
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: ddb.KeyTypeHash}}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMachineFromOutsideWritesATableFromOutside(t *testing.T) {
	config := cloud(t)
	table(t, dynamodb.NewFromConfig(config), "outside")
	c := machineCase{Definition: json.RawMessage(`{"StartAt":"Put","States":{
		"Put":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:putItem","Parameters":{"TableName":"outside","Item":{"pk":{"S.$":"$.id"}}},"ResultPath":null,"Next":"Get"},
		"Get":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:getItem","Parameters":{"TableName":"outside","Key":{"pk":{"S.$":"$.id"}}},"ResultSelector":{"item.$":"$.Item"},"End":true}}}`),
		Input: json.RawMessage(`{"id":"a"}`), Output: json.RawMessage(`{"item":{"pk":{"S":"a"}}}`)}
	c.check(t, c.run(t, sfn.NewFromConfig(config), "writer"))
}

func TestATableThatIsNotThereFailsTheTaskByItsName(t *testing.T) {
	c := machineCase{Definition: json.RawMessage(`{"StartAt":"Get","States":{"Get":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:dynamodb:getItem",
		"Parameters":{"TableName":"none","Key":{"pk":{"S":"a"}}},"End":true}}}`), Input: json.RawMessage(`{}`), Error: "DynamoDb.ResourceNotFoundException"}
	d := c.run(t, sfn.NewFromConfig(cloud(t)), "reader")
	c.check(t, d)
	if !strings.Contains(aws.ToString(d.Cause), "(Service: DynamoDb, Status Code: 400, Request ID: ") {
		t.Errorf("the cause is %s", aws.ToString(d.Cause))
	}
}

func TestAnEventReachesAQueueThroughARuleFromOutside(t *testing.T) {
	config, ctx := cloud(t), context.Background()
	events, queues := eventbridge.NewFromConfig(config), sqs.NewFromConfig(config)
	q, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("outside"), Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`}})
	if err != nil {
		t.Fatal(err)
	}
	rule(t, events, "arn:aws:sqs:us-east-1:000000000000:outside")
	put, err := events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{EventBusName: aws.String("bus"), Source: aws.String("shop"), DetailType: aws.String("Sold"), Detail: aws.String(`{"n":3}`)}}})
	if err != nil || put.FailedEntryCount != 0 {
		t.Fatal(put, err)
	}
	got, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, WaitTimeSeconds: 5})
	if err != nil || len(got.Messages) != 1 {
		t.Fatal(got, err)
	}
	same(t, "message", *got.Messages[0].Body, json.RawMessage(`{"sold":3}`))
}

// rule makes a bus with one rule, whose target gets a transformed input.
func rule(t *testing.T, client *eventbridge.Client, target string) {
	t.Helper()
	ctx := context.Background()
	if _, err := client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("bus")}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: aws.String("bus"), Name: aws.String("sold"), EventPattern: aws.String(`{"source":["shop"]}`)}); err != nil {
		t.Fatal(err)
	}
	out, err := client.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: aws.String("bus"), Rule: aws.String("sold"), Targets: []types.Target{{Id: aws.String("q"), Arn: &target,
		InputTransformer: &types.InputTransformer{InputPathsMap: map[string]string{"n": "$.detail.n"}, InputTemplate: aws.String(`{"sold":<n>}`)}}}})
	if err != nil || out.FailedEntryCount != 0 {
		t.Fatal(out, err)
	}
}

func TestListsArePaged(t *testing.T) {
	client, ctx := eventbridge.NewFromConfig(cloud(t)), context.Background()
	for _, name := range []string{"a", "b", "c"} {
		if _, err := client.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(`{"source":["x"]}`)}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	in := &eventbridge.ListRulesInput{Limit: aws.Int32(2)}
	for {
		page, err := client.ListRules(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rules {
			names = append(names, *r.Name)
		}
		names = append(names, "|")
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	if got := strings.Join(names, ""); got != "ab|c|" {
		t.Errorf("the pages are %s", got)
	}
}

func TestArchivesAndTagsAreChangedOverTheWire(t *testing.T) {
	client, ctx := eventbridge.NewFromConfig(cloud(t)), context.Background()
	bus, err := client.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("bus"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	if err != nil {
		t.Fatal(err)
	}
	tags, err := client.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: bus.EventBusArn})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "v" {
		t.Errorf("tags %v, %v", tags, err)
	}
	if _, err := client.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: aws.String("kept"), EventSourceArn: bus.EventBusArn}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.UpdateArchive(ctx, &eventbridge.UpdateArchiveInput{ArchiveName: aws.String("kept"), RetentionDays: aws.Int32(7)}); err != nil {
		t.Fatal(err)
	}
	list, err := client.ListArchives(ctx, &eventbridge.ListArchivesInput{EventSourceArn: bus.EventBusArn})
	if err != nil || len(list.Archives) != 1 || *list.Archives[0].RetentionDays != 7 {
		t.Errorf("archives %v, %v", list, err)
	}
	_, err = client.UpdateArchive(ctx, &eventbridge.UpdateArchiveInput{ArchiveName: aws.String("kept")})
	refused(t, err, "ValidationException", "At least one of EventPattern, RetentionDays or Description must be provided.")
}

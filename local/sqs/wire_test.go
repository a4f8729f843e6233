package sqs

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"twofold/local/core"
)

func TestSDKSendsReceivesAndDeletes(t *testing.T) {
	s, c := newClient(t)
	made, err := c.CreateQueue(t.Context(), &sdk.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"VisibilityTimeout": "5"}})
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]types.MessageAttributeValue{
		"trace.id": {DataType: aws.String("String"), StringValue: aws.String("abc")},
		"n":        {DataType: aws.String("Number.int"), StringValue: aws.String("7")},
		"raw":      {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}}}
	sent, err := c.SendMessage(t.Context(), &sdk.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String("hello"), MessageAttributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	// The SDK itself checks the body's sum; the attributes' sum was worked out apart from this code.
	if got, want := *sent.MD5OfMessageAttributes, "8b0036a3fd739050e33dcc6dab9f8bb4"; got != want {
		t.Errorf("MD5 of attributes is %q, want %q", got, want)
	}
	got, err := c.ReceiveMessage(t.Context(), &sdk.ReceiveMessageInput{QueueUrl: made.QueueUrl, WaitTimeSeconds: 1,
		MessageAttributeNames: []string{"trace.*"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"ApproximateReceiveCount"}})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("received %+v, %v", got, err)
	}
	m := got.Messages[0]
	if *m.Body != "hello" || len(m.Attributes) != 1 || len(m.MessageAttributes) != 1 || *m.MessageAttributes["trace.id"].StringValue != "abc" {
		t.Errorf("received %+v", m)
	}
	if _, inflight := s.Depth(region, "q"); inflight != 1 {
		t.Errorf("%d in flight", inflight)
	}
	if _, err := c.DeleteMessage(t.Context(), &sdk.DeleteMessageInput{QueueUrl: made.QueueUrl, ReceiptHandle: m.ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	out, err := c.GetQueueAttributes(t.Context(), &sdk.GetQueueAttributesInput{QueueUrl: made.QueueUrl, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil || out.Attributes["ApproximateNumberOfMessagesNotVisible"] != "0" || out.Attributes["VisibilityTimeout"] != "5" {
		t.Errorf("attributes %v, %v", out, err)
	}
}

func TestBatchFailsEntryByEntry(t *testing.T) {
	_, c := newClient(t)
	made, err := c.CreateQueue(t.Context(), &sdk.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.SendMessageBatch(t.Context(), &sdk.SendMessageBatchInput{QueueUrl: made.QueueUrl, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("fine")}, {Id: aws.String("b"), MessageBody: aws.String("bad \x01")}}})
	if err != nil || len(out.Successful) != 1 || len(out.Failed) != 1 || *out.Failed[0].Code != "InvalidMessageContents" || !out.Failed[0].SenderFault {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestRequestsThatSQSRefuses(t *testing.T) {
	_, c := newClient(t)
	made, err := c.CreateQueue(t.Context(), &sdk.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	url := made.QueueUrl
	send := func(in *sdk.SendMessageInput) error {
		in.QueueUrl = url
		_, err := c.SendMessage(t.Context(), in)
		return err
	}
	cases := []struct {
		name, code string
		err        error
	}{
		{"too long", "InvalidParameterValue", send(&sdk.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", maxMessage+1))})},
		{"control character", "InvalidMessageContents", send(&sdk.SendMessageInput{MessageBody: aws.String("\x00")})},
		{"delay", "InvalidParameterValue", send(&sdk.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: 901})},
		{"attribute type", "InvalidParameterValue", send(&sdk.SendMessageInput{MessageBody: aws.String("x"),
			MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("Text"), StringValue: aws.String("v")}}})},
		{"no such queue", "QueueDoesNotExist", func() error {
			_, err := c.SendMessage(t.Context(), &sdk.SendMessageInput{QueueUrl: aws.String("http://sqs.local/0/none"), MessageBody: aws.String("x")})
			return err
		}()},
		{"receipt", "ReceiptHandleIsInvalid", func() error {
			_, err := c.DeleteMessage(t.Context(), &sdk.DeleteMessageInput{QueueUrl: url, ReceiptHandle: aws.String("made up")})
			return err
		}()},
		{"redrive to nowhere", "InvalidParameterValue", func() error {
			_, err := c.SetQueueAttributes(t.Context(), &sdk.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{
				"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":3}`}})
			return err
		}()},
	}
	for _, tc := range cases {
		var api interface{ ErrorCode() string }
		if !errors.As(tc.err, &api) || !strings.Contains(tc.err.Error(), tc.code) {
			t.Errorf("%s: got %v, want %s", tc.name, tc.err, tc.code)
		}
	}
}

func TestQueuePolicyLetsOneRuleOfEventBridgeIn(t *testing.T) {
	b := newSim(1)
	arn := b.queueNamed(t, "q", nil)
	rule := "arn:aws:events:us-east-1:000000000000:rule/bus/confirmed"
	_, err := b.Provision(t.Context(), core.Resource{Region: region, Stack: "st", LogicalID: "P", Type: "AWS::SQS::QueuePolicy", Properties: map[string]any{
		"Queues": []any{"http://sqs.local/000000000000/q"},
		"PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow",
			"Principal": map[string]any{"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
			"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rule}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		p  core.Principal
		ok bool
	}{
		{core.Principal{Service: "events.amazonaws.com", Via: rule}, true},
		{core.Principal{Service: "events.amazonaws.com", Via: rule + "2"}, false},
		{core.Principal{Service: "sns.amazonaws.com", Via: rule}, false},
	}
	for _, tc := range cases {
		if err := b.Send(t.Context(), region, arn, "x", nil, tc.p); (err == nil) != tc.ok {
			t.Errorf("%+v: %v", tc.p, err)
		}
	}
	if n := b.cloud.Journal.Count(core.KindDenied); n != 2 {
		t.Errorf("%d denials journalled, want 2", n)
	}
}

func TestPolicyWithAnUnknownConditionStopsTheDeployment(t *testing.T) {
	_, err := parsePolicy(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}`)
	if err == nil || !strings.Contains(err.Error(), "IpAddress") {
		t.Errorf("got %v", err)
	}
}

func TestFIFOQueueIsALoudError(t *testing.T) {
	b := newSim(1)
	_, err := b.Provision(t.Context(), core.Resource{Region: region, LogicalID: "Q", Type: "AWS::SQS::Queue", Position: "q.yaml:3",
		Properties: map[string]any{"FifoQueue": true}})
	if err == nil || !strings.Contains(err.Error(), "FIFO") {
		t.Errorf("got %v", err)
	}
}

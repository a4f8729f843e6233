package states

import (
	"context"
	"encoding/json"
	"hash/crc32"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// serviceTask is an integration that calls an operation of another service's API.
type serviceTask struct {
	kind      string // as history shows it: "dynamodb", "aws-sdk:sqs"
	operation string // as the Resource writes it: "putItem"
	signing   string // signing name
	prefix    string // of error names: "DynamoDB"
	named     string // the service in causes
	base      string // the error for codes without a type
	lower     bool   // the API's members begin with a lower-case letter
	optimized bool
}

// optimizedServices are the integrations named without aws-sdk, with the operations they have.
// https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
var optimizedServices = map[string]struct {
	serviceTask
	operations []string
}{
	"dynamodb": {serviceTask{signing: "dynamodb", prefix: "DynamoDB", named: "AmazonDynamoDBv2", base: "AmazonDynamoDBException"},
		[]string{"getItem", "putItem", "updateItem", "deleteItem"}},
	"events": {serviceTask{signing: "events", prefix: "EventBridge", named: "AmazonEventBridge", base: "AmazonEventBridgeException"}, []string{"putEvents"}},
	"sqs":    {serviceTask{signing: "sqs", prefix: "SQS", named: "AmazonSQS", base: "AmazonSQSException"}, []string{"sendMessage"}},
	"states": {serviceTask{signing: "states", prefix: "StepFunctions", named: "AWSStepFunctions", base: "AWSStepFunctionsException", lower: true}, []string{"startExecution"}},
}

// sdkServices are the services that aws-sdk integrations reach: those whose API is JSON with the
// operation's name in a header.
var sdkServices = map[string]serviceTask{
	"dynamodb":       {signing: "dynamodb", prefix: "DynamoDb", named: "DynamoDb", base: "DynamoDbException"},
	"eventbridge":    {signing: "events", prefix: "EventBridge", named: "EventBridge", base: "EventBridgeException"},
	"sqs":            {signing: "sqs", prefix: "Sqs", named: "Sqs", base: "SqsException"},
	"sfn":            {signing: "states", prefix: "Sfn", named: "Sfn", base: "SfnException", lower: true},
	"secretsmanager": {signing: "secretsmanager", prefix: "SecretsManager", named: "SecretsManager", base: "SecretsManagerException"},
}

// findService finds an integration by name; nil when it is not run.
func findService(name string) task {
	service, operation, _ := strings.Cut(name, ":")
	if service == "aws-sdk" {
		service, operation, _ = strings.Cut(operation, ":")
		t, ok := sdkServices[service]
		if !ok || operation == "" || strings.ToLower(operation[:1]) != operation[:1] {
			return nil
		}
		t.kind, t.operation = "aws-sdk:"+service, operation
		return &t
	}
	o := optimizedServices[service]
	for _, known := range o.operations {
		if known == operation {
			t := o.serviceTask
			t.kind, t.operation, t.optimized = service, operation, true
			return &t
		}
	}
	return nil
}

func (s *serviceTask) event(suffix string) (string, []any) {
	return "Task" + suffix, []any{"resourceType", s.kind, "resource", s.operation}
}

func (s *serviceTask) subject() string { return s.kind }

func (s *serviceTask) call(ctx context.Context, t *thread, input any) (doc, *failure) {
	params, ok := input.(*object)
	if !ok {
		return doc{}, badParameters(input, "The Parameters must be an object")
	}
	reply, err := t.x.svc.cloud.Do(ctx, &core.Call{Region: t.x.machine.region, Service: s.signing, Operation: capital(s.operation), Method: http.MethodPost,
		Path: "/", Header: http.Header{}, Body: appendJSON(nil, s.request(t, params)), Principal: t.principal()})
	if err != nil {
		return doc{}, s.failure(t, err)
	}
	return s.answer(t, reply)
}

// answer reads the reply; what EventBridge took only in part is a failure.
func (s *serviceTask) answer(t *thread, reply *core.Reply) (doc, *failure) {
	_, _, body := core.Encode(reply, nil)
	if len(body) == 0 {
		body = []byte("{}")
	}
	v, err := parse(string(body))
	out, ok := v.(*object)
	if err != nil || !ok {
		return doc{}, fail(s.prefix+".SdkClientException", "the answer is not a JSON object")
	}
	if n, _ := out.get("FailedEntryCount"); s.optimized && s.kind == "events" && n != nil && !equal(n, number(0)) {
		return doc{}, fail("EventBridge.FailedEntry", encode(out))
	}
	if s.lower {
		out = s.dated(renamed(out, capital))
	}
	if s.optimized && s.kind != "events" {
		id := t.x.svc.cloud.Rand.UUID()
		out = out.with("SdkHttpMetadata", s.metadata(t, id, body))
		out.set("SdkResponseMetadata", obj("RequestId", id))
	}
	return doc{v: out}, nil
}

// dated writes the times of an SDK's answer as AWS does; optimized integrations keep seconds.
func (s *serviceTask) dated(out *object) *object {
	for i, k := range out.keys {
		n, ok := out.vals[i].(json.Number)
		if s.optimized || !ok || !strings.HasSuffix(k, "Date") {
			continue
		}
		if seconds, err := n.Float64(); err == nil {
			out.vals[i] = isoTime(time.UnixMilli(int64(math.Round(seconds * 1000))))
		}
	}
	return out
}

// metadata is what an optimized integration tells of its HTTP exchange; services spell and choose their headers differently.
func (s *serviceTask) metadata(t *thread, id string, body []byte) *object {
	const typ = "application/x-amz-json-1.0"
	if s.kind == "dynamodb" {
		sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)
		return httpMetadata(t, "Connection", id, len(body), typ, "Server", "Server", "x-amz-crc32", sum)
	}
	return httpMetadata(t, "connection", id, len(body), typ)
}

// request makes the API's request of the parameters.
func (s *serviceTask) request(t *thread, params *object) *object {
	switch {
	case s.optimized && s.kind == "events":
		params = putEvents(t, params)
	case s.optimized && s.kind == "sqs":
		params = asText(params, "MessageBody")
	case s.kind == "states" || s.kind == "aws-sdk:sfn":
		params = asText(params, "Input")
	}
	if s.lower {
		params = renamed(params, func(k string) string { return strings.ToLower(k[:1]) + k[1:] })
	}
	return params
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// renamed is o with the names of its own members changed.
func renamed(o *object, rename func(string) string) *object {
	out := &object{}
	for i, k := range o.keys {
		if k != "" {
			out.set(rename(k), o.vals[i])
		}
	}
	return out
}

// asText is o with a member that is not a string turned into its JSON text.
func asText(o *object, name string) *object {
	v, ok := o.get(name)
	if _, isText := v.(string); !ok || isText || v == nil {
		return o
	}
	return o.with(name, encode(v))
}

// putEvents makes texts of details, and names machine and execution as resources of every entry, as AWS does.
func putEvents(t *thread, params *object) *object {
	list, _ := params.get("Entries")
	entries, ok := list.([]any)
	if !ok {
		return params
	}
	out := make([]any, len(entries))
	for i, e := range entries {
		entry, ok := e.(*object)
		if !ok {
			return params
		}
		resources := []any{t.x.machine.arn, t.x.arn}
		if own, _ := entry.get("Resources"); own != nil {
			if given, ok := own.([]any); ok {
				resources = append(append([]any(nil), given...), resources...)
			}
		}
		out[i] = asText(entry, "Detail").with("Resources", resources)
	}
	return params.with("Entries", out)
}

func (s *serviceTask) cause() string {
	if s.optimized {
		return optimizedCause
	}
	return sdkCause
}

// unmodeled are codes that belong to no operation: the SDK gives the service's base exception.
var unmodeled = []string{"ValidationException", "AccessDeniedException", "SerializationException", "UnrecognizedClientException", "InternalFailure", "UnsupportedOperationException", "MissingParameter"}

func (s *serviceTask) failure(t *thread, err error) *failure {
	if e, ok := err.(*core.Error); ok && slices.Contains(unmodeled, e.Code) {
		return serviceFailure(t, err, s.prefix, s.named, s.base, s.cause(), []string{})
	}
	return serviceFailure(t, err, s.prefix, s.named, s.base, s.cause(), nil)
}

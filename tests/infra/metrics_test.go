package infra_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"twofold/internal/platform"
)

// awsMetrics are those of AWS's own that the stacks may name, with the sets of dimensions under which each is emitted. Per service:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
var awsMetrics = map[string]struct {
	names      []string
	dimensions []string // each set sorted and joined by a space
}{
	"AWS/ApiGateway":         {[]string{"Count", "Latency", "IntegrationLatency", "4XXError", "5XXError"}, []string{"ApiName Stage", "ApiName Method Resource Stage"}},
	"AWS/Lambda":             {[]string{"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"}, []string{"", "FunctionName", "FunctionName Resource", "ExecutedVersion FunctionName Resource"}},
	"AWS/SQS":                {[]string{"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"}, []string{"QueueName"}},
	"AWS/EventBridge/Pipes":  {[]string{"Invocations", "ExecutionFailed", "ExecutionThrottled", "ExecutionTimeout", "ExecutionPartiallyFailed", "EventCount"}, []string{"PipeName"}},
	"AWS/States":             {[]string{"ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled", "ExecutionTime"}, []string{"StateMachineArn"}},
	"AWS/DynamoDB":           {[]string{"TransactionConflict", "WriteThrottleEvents", "ReadThrottleEvents"}, []string{"TableName"}},
	"AWS/DynamoDB ":          {[]string{"ReplicationLatency"}, []string{"ReceivingRegion TableName"}},
	"AWS/Scheduler":          {[]string{"TargetErrorCount", "InvocationDroppedCount"}, []string{"ScheduleGroup"}},
	"Twofold/${Stage}/trail": {[]string{"RootUsed", "DeletionProtectionOff", "TableDeleted", "KeyDisabled", "PolicyChanged", "TrailChanged", "RotationFailed"}, []string{""}},
}

// use is a metric as an alarm or a widget names it.
type use struct {
	namespace, name string
	dimensions      map[string]string
}

func (u use) set() string { return strings.Join(slices.Sorted(maps.Keys(u.dimensions)), " ") }

// wrong says why nobody emits the metric; "" if somebody does.
func (u use) wrong(declared *templates) string {
	if u.namespace == "Twofold/${Stage}" {
		return u.wrongOfOurs()
	}
	if !u.awsKnows() {
		return fmt.Sprintf("AWS emits no %s %s by %q", u.namespace, u.name, u.set())
	}
	for dimension, kind := range map[string]string{"QueueName": "AWS::SQS::Queue", "PipeName": "AWS::Pipes::Pipe", "FunctionName": "AWS::Serverless::Function"} {
		if v, named := u.dimensions[dimension]; named && !declared.named(kind, v) {
			return fmt.Sprintf("no stack declares the %s %s", kind, v)
		}
	}
	if v, named := u.dimensions["TableName"]; named && !declared.named("AWS::DynamoDB::Table", v) && !declared.named("AWS::DynamoDB::GlobalTable", v) {
		return "no stack declares the table " + v
	}
	if alias, named := u.dimensions["Resource"]; named && u.namespace == "AWS/Lambda" && alias != u.dimensions["FunctionName"]+":live" {
		return "the alias of a function is called live"
	}
	return ""
}

func (u use) awsKnows() bool {
	for _, namespace := range []string{u.namespace, u.namespace + " "} {
		m, ok := awsMetrics[namespace]
		if ok && slices.Contains(m.names, u.name) && slices.Contains(m.dimensions, u.set()) {
			return true
		}
	}
	return false
}

func (u use) wrongOfOurs() string {
	for _, m := range platform.DeclaredMetrics() {
		if m.Name != u.name {
			continue
		}
		if u.dimensions["Service"] != m.Service {
			return fmt.Sprintf("%s is emitted by the service %s", m.Name, m.Service)
		}
		if set := u.set(); set != "Service" && (m.By == "" || set != m.By+" Service") {
			return fmt.Sprintf("%s is not emitted by %q", m.Name, set)
		}
		return ""
	}
	return "no code declares the metric " + u.name
}

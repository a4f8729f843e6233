package cost

import "twofold/local/core"

// Price is the list price of a unit in us-east-1, in US dollars of 2026; us-west-2 has the same prices.
type Price struct {
	Service string
	Unit    core.Unit
	Dollars float64 // of one unit
	Page    string  // of AWS's site, where it stands
}

const (
	million  = 1e6
	gigabyte = 1e9
)

// Units that the cloud's own meter does not know: they come out of what functions wrote, of who called whom, and of what was traced.
const (
	unitLogByte core.Unit = "logs:Byte"
	unitTrace   core.Unit = "xray:Trace"
)

// Groups of what stands apart from the platform's own services.
const (
	mailService = "SES (mails)"
	wafService  = "WAF"
)

// Prices is the price list.
func Prices() []Price {
	return []Price{
		{"Lambda", "lambda:Request", 0.20 / million, "aws.amazon.com/lambda/pricing"},
		{"Lambda", "lambda:GBSecond", 0.0000133334, "aws.amazon.com/lambda/pricing (Arm)"},
		{"API Gateway", "apigateway:Request", 3.50 / million, "aws.amazon.com/api-gateway/pricing (REST)"},
		{"EventBridge", "events:CustomEvent", 1.00 / million, "aws.amazon.com/eventbridge/pricing"},
		{"EventBridge Pipes", "pipes:Request", 0.40 / million, "aws.amazon.com/eventbridge/pricing"},
		{"EventBridge Scheduler", "scheduler:Invocation", 1.00 / million, "aws.amazon.com/eventbridge/pricing"},
		{"Step Functions", "states:ExpressRequest", 1.00 / million, "aws.amazon.com/step-functions/pricing"},
		{"Step Functions", "states:ExpressGBSecond", 0.00001667, "aws.amazon.com/step-functions/pricing"},
		{"Step Functions", "states:StandardTransition", 0.025 / 1000, "aws.amazon.com/step-functions/pricing"},
		{"DynamoDB", "dynamodb:WRU", 0.625 / million, "aws.amazon.com/dynamodb/pricing/on-demand"},
		{"DynamoDB", "dynamodb:ReplicatedWRU", 0.625 / million, "aws.amazon.com/dynamodb/pricing/on-demand"},
		{"DynamoDB", "dynamodb:RRU", 0.125 / million, "aws.amazon.com/dynamodb/pricing/on-demand"},
		{"DynamoDB", "dynamodb:StreamReads", 0.02 / 100000, "aws.amazon.com/dynamodb/pricing/on-demand"},
		{"SQS", "sqs:Request", 0.40 / million, "aws.amazon.com/sqs/pricing"},
		{mailService, "ses:Message", 0.10 / 1000, "aws.amazon.com/ses/pricing"},
		{"Secrets Manager", "secretsmanager:Request", 0.05 / 10000, "aws.amazon.com/secrets-manager/pricing"},
		{"CloudWatch Logs", unitLogByte, 0.50 / gigabyte, "aws.amazon.com/cloudwatch/pricing"},
		{"X-Ray", unitTrace, 5.00 / million, "aws.amazon.com/xray/pricing"},
		{"Transfer between regions", "transfer:Byte", 0.02 / gigabyte, "aws.amazon.com/ec2/pricing/on-demand"},
	}
}

// Calls are the operations of AWS that the platform may call while orders go through it: the unit that each is billed by, or why it is free.
func Calls() map[string]string {
	out := map[string]string{
		"lambda:Invoke":                 "lambda:Request",
		"states:StartExecution":         "states:ExpressRequest or states:StandardTransition",
		"events:PutEvents":              "events:CustomEvent",
		"ses:SendEmail":                 "ses:Message",
		"secretsmanager:GetSecretValue": "secretsmanager:Request",
	}
	for _, op := range []string{"GetItem", "BatchGetItem", "Query", "Scan"} {
		out["dynamodb:"+op] = "dynamodb:RRU"
	}
	for _, op := range []string{"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"} {
		out["dynamodb:"+op] = "dynamodb:WRU or dynamodb:ReplicatedWRU"
	}
	for _, op := range []string{"SendMessage", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "ChangeMessageVisibility"} {
		out["sqs:"+op] = "sqs:Request"
	}
	out["dynamodb:DescribeTable"] = "free: a control plane call"
	out["dynamodb:DescribeContinuousBackups"] = "free: a control plane call"
	return out
}

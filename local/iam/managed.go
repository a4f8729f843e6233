package iam

import (
	"encoding/json"
	"strings"
)

// grant is one Allow statement of an AWS managed policy.
type grant struct {
	Effect   string
	Action   []string
	Resource string
}

// awsManaged is the document of an AWS managed policy, as
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/ lists it.
func awsManaged(arn string) ([]byte, bool) {
	name, ok := strings.CutPrefix(arn, "arn:aws:iam::aws:policy/")
	if !ok {
		return nil, false
	}
	grants := managedGrants(name)
	if grants == nil {
		return nil, false
	}
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": grants})
	return doc, err == nil
}

func managedGrants(name string) []grant {
	logs := []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
	switch name {
	case "service-role/AWSLambdaBasicExecutionRole":
		return everywhere(logs...)
	case "service-role/AWSLambdaSQSQueueExecutionRole":
		return everywhere(append(logs, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")...)
	case "service-role/AWSLambdaDynamoDBExecutionRole":
		return everywhere(append(logs, "dynamodb:DescribeStream", "dynamodb:GetRecords",
			"dynamodb:GetShardIterator", "dynamodb:ListStreams")...)
	case "service-role/AWSLambdaRole":
		return everywhere("lambda:InvokeFunction")
	case "service-role/AmazonAPIGatewayPushToCloudWatchLogs":
		return everywhere(append(logs, "logs:DescribeLogGroups", "logs:DescribeLogStreams",
			"logs:GetLogEvents", "logs:FilterLogEvents")...)
	case "service-role/AWSCodeDeployRoleForLambdaLimited":
		return codeDeployLimited()
	case "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess":
		return everywhere("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules",
			"xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries")
	}
	return nil
}

func everywhere(actions ...string) []grant {
	return []grant{{Effect: "Allow", Action: actions, Resource: "*"}}
}

func codeDeployLimited() []grant {
	return append(everywhere("cloudwatch:DescribeAlarms", "lambda:UpdateAlias", "lambda:GetAlias",
		"lambda:GetProvisionedConcurrencyConfig", "sns:Publish"),
		grant{"Allow", []string{"s3:GetObject", "s3:GetObjectVersion"}, "arn:aws:s3:::*/CodeDeploy/*"},
		grant{"Allow", []string{"lambda:InvokeFunction"}, "arn:aws:lambda:*:*:function:CodeDeployHook_*"})
}

package pipeline_test

// needs are calls that CloudFormation makes for a resource of a type, and on what: the last part of an ARN's account:resource, in which {P} is
// the property P, or what CloudFormation calls the resource where the template does not say. They follow the handlers in the types' schemas
// (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html) and the actions' resources
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
type needs struct{ calls, on string }

const everything = "*"

var table = map[string][]needs{
	"AWS::ApiGateway::Account":         {{"apigateway:PATCH apigateway:GET", "apigateway:{region}::/account"}},
	"AWS::ApiGateway::BasePathMapping": {{"apigateway:POST apigateway:DELETE", "apigateway:{region}::/domainnames/{DomainName}/basepathmappings"}},
	"AWS::ApiGateway::Deployment":      {{"apigateway:POST apigateway:GET", "apigateway:{region}::/restapis/{RestApiId}/deployments"}},
	"AWS::ApiGateway::DomainName":      {{"apigateway:POST apigateway:PATCH apigateway:DELETE", "apigateway:{region}::/domainnames/{DomainName}"}},
	"AWS::ApiGateway::RestApi":         {{"apigateway:POST apigateway:PUT apigateway:DELETE", "apigateway:{region}::/restapis/{Name}"}},
	"AWS::ApiGateway::Stage":           {{"apigateway:POST apigateway:PATCH apigateway:DELETE", "apigateway:{region}::/restapis/{RestApiId}/stages/{StageName}"}},
	"AWS::CloudTrail::Trail":           {{"cloudtrail:CreateTrail cloudtrail:StartLogging cloudtrail:UpdateTrail", "cloudtrail:{region}:{account}:trail/{TrailName}"}},
	"AWS::CloudWatch::Alarm":           {{"cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms", "cloudwatch:{region}:{account}:alarm:{AlarmName}"}, {"cloudwatch:DescribeAlarms", everything}},
	"AWS::CloudWatch::CompositeAlarm":  {{"cloudwatch:PutCompositeAlarm cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms", everything}},
	"AWS::CloudWatch::Dashboard":       {{"cloudwatch:PutDashboard cloudwatch:GetDashboard", "cloudwatch::{account}:dashboard/{DashboardName}"}},
	"AWS::CodeDeploy::Application":     {{"codedeploy:CreateApplication codedeploy:GetApplication", "codedeploy:{region}:{account}:application:{ApplicationName}"}},
	"AWS::CodeDeploy::DeploymentGroup": {
		{"codedeploy:CreateDeploymentGroup codedeploy:CreateDeployment codedeploy:GetDeployment", "codedeploy:{region}:{account}:deploymentgroup:{ApplicationName}/{DeploymentGroupName}"},
		{"codedeploy:GetDeploymentConfig", "codedeploy:{region}:{account}:deploymentconfig:CodeDeployDefault.LambdaAllAtOnce"}},
	"AWS::DynamoDB::GlobalTable": {
		{"dynamodb:CreateTable dynamodb:CreateTableReplica dynamodb:UpdateTable dynamodb:TagResource", "dynamodb:{region}:{account}:table/{TableName}"},
		{"dynamodb:DescribeLimits", everything},
		{"iam:CreateServiceLinkedRole?iam:AWSServiceName=replication.dynamodb.amazonaws.com", "iam::{account}:role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"}},
	"AWS::DynamoDB::Table":        {{"dynamodb:CreateTable dynamodb:UpdateContinuousBackups dynamodb:UpdateTable", "dynamodb:{region}:{account}:table/{TableName}"}},
	"AWS::EventSchemas::Registry": {{"schemas:CreateRegistry schemas:DescribeRegistry", "schemas:{region}:{account}:registry/{RegistryName}"}},
	"AWS::EventSchemas::Schema":   {{"schemas:CreateSchema schemas:UpdateSchema", "schemas:{region}:{account}:schema/{RegistryName}/{SchemaName}"}},
	"AWS::Events::Archive":        {{"events:CreateArchive events:UpdateArchive", "events:{region}:{account}:archive/{ArchiveName}"}, {"events:CreateArchive", "events:{region}:{account}:event-bus/{SourceArn}"}},
	"AWS::Events::EventBus":       {{"events:CreateEventBus events:DescribeEventBus", "events:{region}:{account}:event-bus/{Name}"}},
	"AWS::Events::Rule":           {{"events:PutRule events:PutTargets events:DeleteRule", "events:{region}:{account}:rule/{EventBusName}/{Name}"}},
	"AWS::IAM::Role":              {{"iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy iam:DeleteRole iam:TagRole", "iam::{account}:role/{RoleName}"}},
	"AWS::KMS::Alias":             {{"kms:CreateAlias kms:UpdateAlias", "kms:{region}:{account}:{AliasName}"}, {"kms:CreateAlias", "kms:{region}:{account}:key/{TargetKeyId}"}},
	"AWS::KMS::Key": {
		{"kms:CreateKey?aws:RequestTag/stage={stage}", everything},
		{"kms:TagResource?aws:RequestTag/stage={stage} kms:EnableKeyRotation kms:DescribeKey kms:PutKeyPolicy kms:ScheduleKeyDeletion", "kms:{region}:{account}:key/{KeyId}"}},
	"AWS::Lambda::Alias":              {{"lambda:CreateAlias lambda:UpdateAlias", "lambda:{region}:{account}:function:{FunctionName}"}},
	"AWS::Lambda::EventInvokeConfig":  {{"lambda:PutFunctionEventInvokeConfig", "lambda:{region}:{account}:function:{FunctionName}"}},
	"AWS::Lambda::EventSourceMapping": {{"lambda:CreateEventSourceMapping", everything}, {"lambda:UpdateEventSourceMapping?lambda:FunctionArn=arn:aws:lambda:{region}:{account}:function:{FunctionName} lambda:TagResource", "lambda:{region}:{account}:event-source-mapping:{Id}"}},
	"AWS::Lambda::Function":           {{"lambda:CreateFunction lambda:UpdateFunctionCode lambda:TagResource", "lambda:{region}:{account}:function:{FunctionName}"}},
	"AWS::Lambda::Permission":         {{"lambda:AddPermission", "lambda:{region}:{account}:function:{FunctionName}"}},
	"AWS::Lambda::Version":            {{"lambda:PublishVersion", "lambda:{region}:{account}:function:{FunctionName}"}},
	"AWS::Logs::LogGroup":             {{"logs:CreateLogGroup logs:PutRetentionPolicy logs:AssociateKmsKey logs:TagResource", "logs:{region}:{account}:log-group:{LogGroupName}:*"}, {"logs:TagResource", "logs:{region}:{account}:log-group:{LogGroupName}"}, {"logs:DescribeLogGroups", everything}},
	"AWS::Logs::MetricFilter":         {{"logs:PutMetricFilter logs:DescribeMetricFilters", "logs:{region}:{account}:log-group:{LogGroupName}:*"}},
	"AWS::Pipes::Pipe":                {{"pipes:CreatePipe pipes:UpdatePipe", "pipes:{region}:{account}:pipe/{Name}"}},
	"AWS::Route53::HealthCheck":       {{"route53:CreateHealthCheck", everything}, {"route53:GetHealthCheck route53:UpdateHealthCheck route53:ChangeTagsForResource", "route53:::healthcheck/{Id}"}},
	"AWS::Route53::RecordSet":         {{"route53:ChangeResourceRecordSets route53:ListResourceRecordSets", "route53:::hostedzone/{HostedZoneId}"}, {"route53:GetChange", "route53:::change/C1"}},
	"AWS::S3::Bucket":                 {{"s3:CreateBucket s3:PutBucketObjectLockConfiguration s3:PutEncryptionConfiguration", "s3:::{BucketName}"}},
	"AWS::S3::BucketPolicy":           {{"s3:PutBucketPolicy", "s3:::{Bucket}"}},
	"AWS::SES::EmailIdentity":         {{"ses:CreateEmailIdentity ses:GetEmailIdentity ses:DeleteEmailIdentity", "ses:{region}:{account}:identity/{EmailIdentity}"}},
	"AWS::SNS::Subscription":          {{"sns:Subscribe", "sns:{region}:{account}:{TopicArn}"}},
	"AWS::SNS::Topic":                 {{"sns:CreateTopic sns:SetTopicAttributes", "sns:{region}:{account}:{TopicName}"}},
	"AWS::SQS::Queue":                 {{"sqs:CreateQueue sqs:SetQueueAttributes", "sqs:{region}:{account}:{QueueName}"}},
	"AWS::SQS::QueuePolicy":           {{"sqs:SetQueueAttributes", "sqs:{region}:{account}:{Queues}"}},
	"AWS::Scheduler::Schedule":        {{"scheduler:CreateSchedule scheduler:UpdateSchedule", "scheduler:{region}:{account}:schedule/default/{Name}"}},
	"AWS::SecretsManager::RotationSchedule": {
		{"secretsmanager:RotateSecret secretsmanager:CancelRotateSecret secretsmanager:DescribeSecret", "secretsmanager:{region}:{account}:secret:twofold/{stage}/stripe-webhook-AbCdEf"},
		{"lambda:InvokeFunction", "lambda:{region}:{account}:function:twofold-{stage}-payment-rotate:live"}},
	"AWS::SecretsManager::Secret": {{"secretsmanager:CreateSecret secretsmanager:PutSecretValue", "secretsmanager:{region}:{account}:secret:{Name}-AbCdEf"}},
	"AWS::StepFunctions::StateMachine": {
		{"states:CreateStateMachine states:UpdateStateMachine", "states:{region}:{account}:stateMachine:{StateMachineName}"},
		{"logs:CreateLogDelivery logs:PutResourcePolicy logs:DescribeResourcePolicies", everything}},
	"AWS::StepFunctions::StateMachineAlias": {
		{"states:CreateStateMachineAlias states:UpdateStateMachineAlias states:DescribeStateMachineAlias", "states:{region}:{account}:stateMachine:{DeploymentPreference.StateMachineVersionArn}"},
		{"cloudwatch:DescribeAlarms", everything}},
	"AWS::StepFunctions::StateMachineVersion": {{"states:PublishStateMachineVersion", "states:{region}:{account}:stateMachine:{StateMachineArn}"}},
	"AWS::WAFv2::WebACL":                      {{"wafv2:CreateWebACL wafv2:UpdateWebACL", "wafv2:{region}:{account}:regional/webacl/{Name}/1"}},
	"AWS::WAFv2::WebACLAssociation": {
		{"wafv2:AssociateWebACL", "wafv2:{region}:{account}:regional/webacl/{WebACLArn}/1"},
		{"apigateway:SetWebACL", "apigateway:{region}::/restapis/1/stages/{stage}"}},
	"AWS::XRay::SamplingRule": {{"xray:CreateSamplingRule xray:UpdateSamplingRule xray:TagResource", "xray:{region}:{account}:sampling-rule/{SamplingRule.RuleName}"}, {"xray:GetSamplingRules", everything}},
	"Custom::StreamArn":       {{"lambda:InvokeFunction", "lambda:{region}:{account}:function:{ServiceToken}"}},
}

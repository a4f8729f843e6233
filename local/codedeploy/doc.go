// Package codedeploy shifts traffic from one version to the next: a function's, as CodeDeploy does for the alias of a SAM function with a DeploymentPreference, under the
// signing name "codedeploy" (AWS JSON 1.1); and a state machine's, as CloudFormation does by itself for an alias with one.
//
// # What it guarantees
//
// A deployment goes through the steps of https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html (Lambda): the hook
// before traffic, the shift that the deployment group's configuration names (CodeDeployDefault.Lambda...), the hook after. It acts as the group's service role: aliases
// are changed, alarms read and hooks invoked through those services' own APIs, so a missing permission stops it. While it runs it looks at the group's alarms; one in ALARM, also
// before the first step, stops it and puts the alias back to the version that it had. So does a hook that answers Failed or not at all, and an error of any step.
//
// A state machine's alias goes the same way without hooks ([Service.DeployMachine]). What runs already goes on as it began: an execution keeps its version.
//
// # What it does not do
//
// It starts nothing by itself: both are called. Of the API it answers what hooks ask: ListDeploymentTargets, GetDeploymentTarget and
// PutLifecycleEventHookExecutionStatus. Applications, revisions, servers, ECS, triggers and configurations of one's own are not run.
package codedeploy

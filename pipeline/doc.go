// Package pipeline reads what brings a commit to both regions (stacks/pipeline.yaml, its buildspecs, samconfig.toml) and says what in it does
// not fit together, without an account.
//
// # What it guarantees
//
// [Check] finds an action whose artifact, variable, project, buildspec, role, permission, template, parameter file or encryption key is not there; a change
// set that nothing prepared; a deployment of samconfig.toml that no action makes, or makes out of order. [Deployments] resolves every deployment of a
// stage as CloudFormation would, in order: a missing parameter, export, alias or secret is named with its stack and region.
//
// # What it does not do
//
// It calls no service: whether an account's quotas, names and connection allow what is asked is seen there first.
package pipeline

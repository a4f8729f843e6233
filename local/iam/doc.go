// Package iam is AWS Identity and Access Management for the local cloud: roles,
// their policies, and the decision whether a principal may do something.
//
// # What it guarantees
//
// A policy document is read strictly: a member, operator or variable that the
// evaluation does not run stops the deployment. A decision follows the order of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html:
// an explicit deny wins, then the permissions boundary must allow, then an
// identity-based policy must allow; everything else is denied. Actions compare
// without case, resources with case, '*' and '?' are wildcards in both.
//
// # What it does not do
//
// It knows roles only: no users, groups, sessions, service control policies. Who
// may pass a role to a service (iam:PassRole) and session policies are not checked.
// Resource-based policies are evaluated for the services that own them by
// [EvaluateResourcePolicy]; an identity-based allow and a resource-based allow are
// not joined here.
package iam

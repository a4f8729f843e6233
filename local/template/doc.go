// Package template loads what a samconfig.toml lists and deploys it as AWS SAM and
// CloudFormation would, without knowing any service.
//
// # What it does
//
// [ReadSamConfig] reads the deployments of a stage in file order. [Expand] gives the
// CloudFormation template that a file stands for: intrinsics in their short and long
// form, AWS::Include from a local path, and the SAM transform with the logical ids that
// the real one generates. [Deployer] resolves parameters, mappings, conditions and
// intrinsic functions, orders the resources by what they refer to (file order among
// equals), and hands them one by one to a [core.Provisioner]; what that answers is what
// Ref and Fn::GetAtt give to later resources. Nested stacks with a local path are
// deployed in place, with their own parameters and outputs. Exports are known per region.
//
// # Files on disk
//
// Properties that `aws cloudformation package` would upload keep the path as written:
// a function's CodeUri becomes `Code: <path>`. Every resource's Metadata carries the
// absolute folder of its template under [MetadataFolder], so that a path can be resolved.
// Two of them are read while deploying: a state machine's DefinitionUri becomes
// DefinitionString, an API's DefinitionUri becomes Body; Metadata then names the file
// under [MetadataFile].
//
// # What it guarantees
//
// The same files and parameters give the same calls in the same order. A whole stack is
// checked (names, conditions, circles) before its first resource is created. Every error
// begins with file:line. A section, attribute, SAM property or intrinsic function that is
// not understood is such an error, never dropped.
//
// # What it does not do
//
// Change sets, rollback, deletion, stack policies, macros other than the two above, and the
// parts of SAM that need an account: implicit APIs, connectors, policy templates, layers.
package template

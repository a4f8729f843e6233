// Package deploy answers CloudFormation's custom resources, for what templates alone cannot say.
//
// It guarantees an answer to every request that reaches it, within the function's time, and a physical id that never
// changes for the same table. It creates nothing, so there is nothing to undo.
package deploy

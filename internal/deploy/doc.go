// Package deploy is what a deployment itself runs: custom resources, for what templates alone cannot say, and the hooks that CodeDeploy calls
// before and after it gives a new version of a function its traffic.
//
// It guarantees CloudFormation an answer to every request that reaches it, within the function's time, and a physical id that never
// changes for the same table; such a resource creates nothing, so there is nothing to undo. It guarantees CodeDeploy a verdict on every version that it
// asks about: Succeeded only if every check of that function passed.
//
// # What the hooks do
//
// Before traffic, the new version is invoked by its number, as nobody else can yet: with requests whose answer is known and which change nothing, and, for
// the function that takes orders, with one order that is placed and cancelled. After traffic, the same requests go to the alias, and the order must have come to
// its end. That order is real and marked: its customer is [CheckCustomer], its mail goes to Amazon's own mailbox simulator, its product is one that is kept for this and
// has no stock, so no money and no goods move. The metrics count it, as one order placed and one cancelled or rejected for each deployment.
package deploy

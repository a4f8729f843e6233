// Package live runs Lambda functions as operating system processes: a compiled bootstrap binary
// for every instance, spoken to over the Lambda Runtime API
// (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
//
// # What it guarantees
//
// An instance handles one invocation at a time. It is started when all others are busy (after a moment's
// wait, which on a small machine is cheaper than a process), used again, and ended when it was idle
// for a while, when its region is killed, when the handler passes the function's time-out, and with this process.
// A process sees the variables that Lambda sets, those of the function and those of [Config.Env]:
// nothing of this process's environment. What it writes to stdout and stderr becomes journal entries and,
// when asked for, a file per function.
//
// Every instance has a loopback listener of its own, for one connection, which the invoking goroutine reads and
// writes itself: no goroutine and no HTTP server stands between a caller and the process.
//
// Besides what Lambda sets, a process gets GOMAXPROCS=1, because many instances share few cores and a
// handler mostly waits, and GOMEMLIMIT at nine tenths of the function's memory, so that the collector works
// harder before the limit that AWS would enforce. A function's own variables go before these.
//
// # What it does not do
//
// It enforces no memory limit and no CPU share, isolates nothing but memory and environment, runs no
// extensions, and takes runtimes that keep one connection to the Runtime API, as aws-lambda-go does.
package live

// Package scenarios plays the scripts of this folder: each is a story of failure, a few lines long, with all that can be seen of it written under each line.
// They are tests and the documentation of what happens; docs/consistency.md points here.
//
// A script is a file of cockroachdb/datadriven: a command, a line of dashes, what it prints. Run the tests with -rewrite to have what is printed
// written down again, and read the difference. The world is simulated (world.Simulate): deployed templates, state machine and code, virtual
// clock, deployed ages of the sweeps. Commands:
//
//	shop sku=TEA-1 east=5 west=5      offers a product; each region receives its stock
//	price sku=TEA-1 amount=990 in=east
//	place a in=east [sku=TEA-1] [quantity=1] [card=visa|declined|bank]     a shopper orders; later lines call the order a
//	again a in=west                   the very same request once more
//	cancel a in=west                  asks for the cancellation
//	look a in=west                    reads it
//	until asked=CapturePayment in=east    stops at the moment when a step of a saga is called; with answered=, when it has answered. place and
//	                                  again take the same words and stop there, though the shopper has no answer yet
//	lose east, gone east, restore east                     a region is lost for a while, lost for good, back
//	cut, heal, lag 90s                the link between the regions; how long replication takes
//	wait 5m                           lets time pass and tells what happens, by region and to the outside
//	bank a pass|fail, pick-up a, deliver a                 what the shopper's bank and the carrier do
//	provider silent|broken|well       the payment provider and the carrier do what they are asked, and their answers get lost; or the next payment that is to be
//	                                  made meets a server error, which the provider keeps; or all is well again
//	stock TEA-1                       the counters of both regions
//	adopt west action=fence|adopt|rejoin                   the operator, in a region that lives
//	promises [except=(...)]           holds everything against the promises of local/promises
package scenarios

package cost

const intro = `# What it costs

This page is written by ` + "`make cost`" + `; a test fails when it says something else than the command. Each story is played in a simulated world of its own, in which
the templates, functions and state machine that are deployed run on a virtual clock and every call is metered: 24 orders of one product in a minute, which
is a million a month. What goes on without orders is taken off and stands in a table of its own. List prices of us-east-1, in US dollars, without free tiers, discounts and tax.

Not metered but stated: a call inside a region takes 5 ms, to the other region 70 ms, to the payment provider or the carrier 300 ms, and an invocation
computes for 1.6 ms of a whole CPU (` + "`make bench`" + `), of which a function has the share that its memory gives it. Functions and Express executions are billed while
they wait. Lambda writes nothing of its own about an invocation that goes well (` + "`SystemLogLevel: WARN`" + `); one in twenty traces is recorded. What the payment
provider takes of the money (commonly 1.5 to 2.9 % and 25 to 30 cents of a payment) and what the carrier takes is theirs and is not in here.

`

const stored = `Beside this, by what there is: storage of tables $0.25 and of their point-in-time recovery $0.20 for a GB and month, in each region (an order takes about 3 KB
in all tables); logs kept for a month $0.03, the archive of events $0.023 and $0.10 once for each GB; a hosted zone $0.50. The first copy of management events of CloudTrail is free.

`

const inTheWay = `## What stands in the way of $40

In the order of what it would save; each is a change of what is promised or of how it is kept, and wants to be argued and tested as such.

- An order is put into both regions, each time as a transaction of three items (fact, person, key), and each replica then gets the other's writes. A transaction
  costs twice. Conditional puts, the fact last, would halve that; a copy of the key in the peer could be left to replication.
- A request to a REST API costs $3.50, to an HTTP API $1.00. An HTTP API has no WAF, no validation of parameters and no answers of its own making.
- Every fact goes through the pipe and onto the bus of both regions, and the peer's inventory is asked to give back what it does not hold. A pipe
  that passes on only facts whose home or writer is its own region would spare half of pipes and events, a queue's work and two invocations; the sweep of held stock is there for the rest.
- A step asks the provider for the intent after every call. The answer to a call that succeeded says the same.
- A reservation is two transactions of two writes each. Stock could be settled in batches.

Saved already: functions that wait for a provider have 128 MB, and Lambda's own lines about each invocation are not written.

`

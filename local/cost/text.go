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

const whereItGoes = `## What keeps it low, and what would lower it

What was decided for it, each with its price in what is promised or how:

- Person and fact of an order are put into each region without a transaction, the fact last; the customer's key stands in one region
  ([ADR 26](adr/0026-an-order-is-three-puts-and-a-sale-is-one.md)). A sale is one write to its reservation.
- A region's pipe lets through what concerns the region; the saga settles the stock, so inventory hears of an order only from the other region ([ADR 25](adr/0025-a-bus-carries-what-concerns-its-region.md)).
- An answer that the payment provider gives first-hand is not asked for again, and the payment is confirmed as it is created: three calls to commit an order ([ADR 3](adr/0003-the-intent-decides.md)).
- The intent's id is not stored: the provider has it, and the facts name it. A booking that is open stands in a list that is its table, without an index.
- Functions that wait for a provider have 128 MB, and Lambda's own lines about each invocation are not written.

What is left, and why it stays:

- A request to a REST API costs $3.50, to an HTTP API $1.00. An HTTP API has no WAF, no validation of parameters and no answers of its own making.
- Each replica gets back what was put into both: two units of an order's four for each item. That is the price of an acknowledgement that does not wait for replication.
- Two sparse indexes on the fact, in both regions: one for the customer's list, one for the sweep. Without the second, an order whose event was lost would not be found.
- Mails go through a queue, for its retries and its dead letters. A rule that calls the function would save three requests.
- A busy shop pays less: pipes, queues and streams carry up to ten in a batch, and here each carries one.

`

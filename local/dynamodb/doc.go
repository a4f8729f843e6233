// Package dynamodb is Amazon DynamoDB and DynamoDB Streams in memory, in all regions of one
// local cloud.
//
// # What it guarantees
//
// Item operations, batches, transactions, queries and scans behave as AWS documents them: expressions are
// complete, numbers are exact decimals of up to 38 digits, limits and error texts are those of the
// service. Where AWS's documentation is silent, the behaviour is that of AWS's own
// DynamoDB Local; where the two are known to differ (messages with more detail, nested
// paths in UPDATED_NEW, types of index keys in updates), it is that of the service.
//
// A transaction is atomic and isolated in its region. Every read is consistent; asking for an
// eventually consistent one only costs less. Secondary indexes change with their items. A write
// that changes nothing leaves no trace in streams and replicas.
//
// Each table has one stream per region with one shard. [Service.ReadStream] serves pipes and event source
// mappings, the Streams API everybody else; records are kept for 24 hours.
//
// Global tables (AWS::DynamoDB::GlobalTable, multi-region eventual consistency) replicate after the cloud's
// lag, while the link between two regions is whole, and lose nothing while it is cut or while a region
// is lost for a time. What a region that is lost for good had not sent is gone. Of two
// concurrent writes of one item the later wins; each version carries what its writer had
// seen, so a write that was lost without the other side having known it is journalled as
// core.KindConflict, once, unless both wrote the same content. Changes of one item keep their order;
// [Options] let several changes of one item arrive as one, and changes of different items in any order.
//
// Permission is asked for each item's table, or index, before it is touched, with the context keys
// dynamodb:LeadingKeys, dynamodb:EnclosingOperation and dynamodb:ReturnValues.
//
// With [Options].Log every version of an item is kept before its call is answered, a transaction as one entry; [Service.Load] gives
// it back to the next process. Tables take over what there is of them when they are made, before anybody sees them empty. [Service.Resume] then
// tells in each stream, as INSERT, what was written in the last 24 hours and is still there, and offers every item, and every deletion that was on the
// way, to the other replicas: what had not been consumed, or not been replicated, comes now, and the rest once more.
//
// All answers are in an order that a seed decides: nothing observable comes from map iteration.
//
// # What it does not do
//
// PartiQL, replicas and encryption in UpdateTable, backups, exports and imports are
// answered with a NotRun error. Throughput is limited by partition alone ([Options].Partition); capacity settings are shown but inert. A test that wants
// a TransactionConflict uses an interceptor of core.Faults: a transaction takes no time here, so none meets another. Strongly consistent global tables are
// refused. The context key dynamodb:Attributes is not given. Expired items go at their second, not
// within days. Over a restart streams forget deletions and the versions between, and client request tokens of transactions are
// forgotten. What UpdateTable and tags change is not kept over a restart. Deletion protection holds against
// DeleteTable, not against the templates.
package dynamodb

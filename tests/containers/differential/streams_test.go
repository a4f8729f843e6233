package differential_test

import "fmt"

const streams = "DynamoDBStreams_20120810."

// sameStreams compares what the streams tell of each item, in order, and gives how many records there were.
func (p *pair) sameStreams() int {
	p.t.Helper()
	ours, theirs := p.stream(p.ours), p.stream(p.theirs)
	count := 0
	for key, want := range theirs {
		got := ours[key]
		count += len(got)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				p.t.Errorf("the streams of %s differ at record %d of %d and %d:\n  local/dynamodb: %s\n  DynamoDB Local: %s",
					key, i, len(got), len(want), at(got, i), at(want, i))
				break
			}
		}
	}
	if len(ours) != len(theirs) || count == 0 {
		p.t.Errorf("the streams tell of %d and %d items", len(ours), len(theirs))
	}
	return count
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

// stream is what an engine's stream tells, by item.
func (p *pair) stream(address string) map[string][]string {
	p.t.Helper()
	described := p.call(address, items+"DescribeTable", object{"TableName": table})
	arn := described.body["Table"].(object)["LatestStreamArn"]
	out := map[string][]string{}
	shards := p.call(address, streams+"DescribeStream", object{"StreamArn": arn}).body["StreamDescription"].(object)["Shards"].([]any)
	for _, shard := range shards {
		it := p.call(address, streams+"GetShardIterator", object{"StreamArn": arn, "ShardId": shard.(object)["ShardId"], "ShardIteratorType": "TRIM_HORIZON"})
		p.shard(address, it.body["ShardIterator"], out)
	}
	return out
}

// shard reads a shard until a read gives nothing.
func (p *pair) shard(address string, iterator any, out map[string][]string) {
	p.t.Helper()
	for iterator != nil {
		page := p.call(address, streams+"GetRecords", object{"ShardIterator": iterator})
		if page.problem != "" {
			p.t.Fatal(page.problem)
		}
		records, _ := page.body["Records"].([]any)
		if len(records) == 0 {
			return
		}
		for _, r := range records {
			record := r.(object)
			change := record["dynamodb"].(object)
			sortSets(change)
			key := text(change["Keys"])
			out[key] = append(out[key], fmt.Sprintf("%s %s -> %s, %s, %s bytes", record["eventName"], text(change["OldImage"]), text(change["NewImage"]),
				change["StreamViewType"], text(change["SizeBytes"])))
		}
		iterator = page.body["NextShardIterator"]
	}
}

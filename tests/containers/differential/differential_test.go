package differential_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// number is a setting of the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestGeneratedRequestsAreAnsweredAsByDynamoDBLocal(t *testing.T) {
	p := newPair(t)
	seed, count := number(t, "TWOFOLD_SEED", 1), number(t, "TWOFOLD_REQUESTS", 1500)
	p.createTable()
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0))}
	answered := map[string]int{}
	for range count {
		r := g.next()
		reply := p.both(r.operation, r.body)
		if reply.problem == "" {
			answered[r.operation]++
		}
		p.pages(r, reply)
	}
	p.sameItems()
	records := p.sameStreams()
	fmt.Printf("differential: seed %d, %d requests answered the same or as listed, %d stream records\n", seed, p.requests, records)
	for _, name := range slices.Sorted(maps.Keys(answered)) {
		fmt.Printf("  %-20s %d done, the rest refused\n", name, answered[name])
		if answered[name] == 0 && count >= 1000 {
			t.Errorf("no %s was done", name)
		}
	}
	for _, d := range differences {
		fmt.Printf("  known difference, met %d times: %s\n", p.known[d.name], d.name)
	}
}

func (p *pair) createTable() {
	p.t.Helper()
	for _, address := range []string{p.ours, p.theirs} {
		if r := p.call(address, items+"CreateTable", definition); r.problem != "" {
			p.t.Fatal(r.problem)
		}
	}
}

// pages follows LastEvaluatedKey to the end of a query.
func (p *pair) pages(r request, got reply) {
	p.t.Helper()
	for r.operation == "Query" && got.body["LastEvaluatedKey"] != nil {
		r.body["ExclusiveStartKey"] = got.body["LastEvaluatedKey"]
		got = p.both("Query", r.body)
	}
}

// sameItems compares what is stored, with pages of a size that both engines choose their own borders for.
func (p *pair) sameItems() {
	p.t.Helper()
	for _, index := range []string{"", "gsi", "lsi"} {
		p.samePages(index)
	}
}

func (p *pair) samePages(index string) {
	p.t.Helper()
	var all [2]map[string]bool
	for i, address := range []string{p.ours, p.theirs} {
		all[i] = map[string]bool{}
		body := object{"TableName": table, "Limit": 3}
		if index != "" {
			body["IndexName"] = index
		}
		for more := true; more; {
			r := p.call(address, items+"Scan", body)
			sortSets(r.body)
			list, _ := r.body["Items"].([]any)
			for _, item := range list {
				all[i][text(item)] = true
			}
			body["ExclusiveStartKey"], more = r.body["LastEvaluatedKey"], r.body["LastEvaluatedKey"] != nil
		}
	}
	if !maps.Equal(all[0], all[1]) || len(all[0]) == 0 {
		p.t.Errorf("the tables differ, index %q: %d items in local/dynamodb, %d in DynamoDB Local", index, len(all[0]), len(all[1]))
	}
}

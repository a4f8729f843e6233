package dynamodb

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWrongQueriesAreRefusedInTheServicesWords(t *testing.T) {
	w := tableWorld(t)
	const values = `"ExpressionAttributeValues":{":p":{"S":"q"},":s":{"S":"s"}}`
	for _, c := range [][2]string{
		{"pk > :p and sk = :s", "Query key condition not supported"},
		{"sk = :p and x = :s", "Query condition missed key schema element: pk"},
		{"pk = :p and x = :s", "Query condition missed key schema element: sk"},
		{"pk = :p and pk = :s", "KeyConditionExpressions must only contain one condition per key"},
		{"pk = :p or sk = :s", "Invalid operator used in KeyConditionExpression: OR"},
		{"pk = :p and not sk = :s", "Invalid operator used in KeyConditionExpression: NOT"},
		{"pk = :p and sk <> :s", "Invalid operator used in KeyConditionExpression: <>"},
		{"pk = :p and contains(sk,:s)", "Invalid operator used in KeyConditionExpression: contains"},
		{"pk = :p and size(sk) = :s", "KeyConditionExpressions cannot contain nested operations"},
		{"pk = :p and begins_with(:s,sk)", "Invalid condition in KeyConditionExpression: begins_with operator must have the key attribute as its first operand"},
		{"pk = :p and :s = :p", "Invalid condition in KeyConditionExpression: No key attribute specified"},
		{"pk = :p and sk = :s and", `Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "and"`},
	} {
		w.wantError("Query", `{"TableName":"tbl","KeyConditionExpression":"`+c[0]+`",`+values+`}`, "ValidationException", c[1])
	}
	const byKey = `"TableName":"tbl","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"q"}}`
	const byIndex = `"TableName":"tbl","IndexName":"gsi","KeyConditionExpression":"g = :p","ExpressionAttributeValues":{":p":{"S":"q"}}`
	for _, c := range [][2]string{
		{byIndex + `,"ConsistentRead":true`, "Consistent reads are not supported on global secondary indexes"},
		{byIndex + `,"Select":"ALL_ATTRIBUTES"`, "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index gsi because its projection type is not ALL"},
		{byIndex + `,"ProjectionExpression":"x"`, "One or more parameter values were invalid: Global secondary index gsi does not project [x]"},
		{byKey + `,"FilterExpression":"sk = :p"`, "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"},
		{byKey + `,"Limit":0`, "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{byKey + `,"Select":"SPECIFIC_ATTRIBUTES"`, "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"},
		{byKey + `,"Select":"COUNT","ProjectionExpression":"x"`, "Cannot specify the ProjectionExpression when choosing to get only the Count"},
		{byKey + `,"ExclusiveStartKey":{"pk":{"S":"q"}}`, "The provided starting key is invalid"},
		{byKey + `,"ExclusiveStartKey":{"pk":{"S":"z"},"sk":{"S":"s"}}`, "The provided starting key is outside query boundaries based on provided conditions"},
		{`"TableName":"tbl"`, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."},
		{strings.Replace(byKey, "pk =", "nope =", 1) + `,"IndexName":"zzz"`, "The table does not have the specified index: zzz"},
	} {
		w.wantError("Query", `{`+c[0]+`}`, "ValidationException", c[1])
	}
}

// found is what a Query or Scan answers.
type found struct {
	Items            []map[string]map[string]string
	Count            int
	LastEvaluatedKey json.RawMessage
}

// all reads every page and gives the sort keys in order.
func (w *world) all(t *rapid.T, op, body string) []string {
	var out []string
	start := ""
	for {
		var f found
		if err := json.Unmarshal([]byte(w.do(east, op, `{`+body+start+`}`)), &f); err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Items {
			out = append(out, i["pk"]["S"]+"/"+i["sk"]["S"])
		}
		if f.Count != len(f.Items) {
			t.Fatalf("Count %d of %d items", f.Count, len(f.Items))
		}
		if f.LastEvaluatedKey == nil {
			return out
		}
		start = `,"ExclusiveStartKey":` + string(f.LastEvaluatedKey)
	}
}

// modelItem is an item of the model: what the tests below expect is computed from a list of these.
type modelItem struct {
	pk, sk string
	g      string
	n      int
}

func (m modelItem) name() string { return m.pk + "/" + m.sk }

// drawModel writes and deletes at random, in the service and in the model.
func drawModel(rt *rapid.T, w *world) map[string]modelItem {
	model := map[string]modelItem{}
	for range rapid.IntRange(0, 40).Draw(rt, "writes") {
		m := modelItem{pk: rapid.SampledFrom([]string{"p", "q"}).Draw(rt, "pk"), sk: rapid.StringMatching(`[ab]{1,3}`).Draw(rt, "sk"),
			g: rapid.SampledFrom([]string{"", "G", "H"}).Draw(rt, "g"), n: rapid.IntRange(-20, 20).Draw(rt, "n")}
		if rapid.IntRange(0, 4).Draw(rt, "delete") == 0 {
			delete(model, m.name())
			w.do(east, "DeleteItem", fmt.Sprintf(`{"TableName":"tbl","Key":{"pk":{"S":"%s"},"sk":{"S":"%s"}}}`, m.pk, m.sk))
			continue
		}
		model[m.name()] = m
		g := ""
		if m.g != "" {
			g = `,"g":{"S":"` + m.g + `"}`
		}
		w.do(east, "PutItem", fmt.Sprintf(`{"TableName":"tbl","Item":{"pk":{"S":"%s"},"sk":{"S":"%s"},"n":{"N":"%d"}%s}}`, m.pk, m.sk, m.n, g))
	}
	return model
}

// expect is what the model holds, in an order.
func expect(model map[string]modelItem, backward bool, order func(a, b modelItem) int, keep func(modelItem) bool) []string {
	var list []modelItem
	for _, m := range model {
		if keep(m) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, order)
	if backward {
		slices.Reverse(list)
	}
	var out []string
	for _, m := range list {
		out = append(out, m.name())
	}
	return out
}

func bySort(a, b modelItem) int { return strings.Compare(a.sk, b.sk) }

func byName(a, b modelItem) int {
	return cmp.Or(strings.Compare(a.pk, b.pk), strings.Compare(a.sk, b.sk))
}

func byNumber(a, b modelItem) int { return cmp.Or(a.n-b.n, byName(a, b)) }

// paging is how a test pages through a query.
func paging(rt *rapid.T) (parameters string, backward bool) {
	backward = rapid.Bool().Draw(rt, "backward")
	return fmt.Sprintf(`,"Limit":%d,"ScanIndexForward":%v`, rapid.IntRange(1, 7).Draw(rt, "limit"), !backward), backward
}

func TestPagesOfAQueryGiveWhatAModelGives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := tableWorld(t)
		model := drawModel(rt, w)
		pages, backward := paging(rt)
		bound := rapid.StringMatching(`[ab]{1,2}`).Draw(rt, "bound")
		for op, keep := range map[string]func(string) bool{
			"sk < :s": func(s string) bool { return s < bound }, "sk <= :s": func(s string) bool { return s <= bound },
			"sk > :s": func(s string) bool { return s > bound }, "sk >= :s": func(s string) bool { return s >= bound },
			"sk = :s":              func(s string) bool { return s == bound },
			"begins_with(sk, :s)":  func(s string) bool { return strings.HasPrefix(s, bound) },
			"sk between :s and :t": func(s string) bool { return s >= bound && s <= bound+"b" },
		} {
			values := `":p":{"S":"p"},":s":{"S":"` + bound + `"}`
			if strings.Contains(op, ":t") {
				values += `,":t":{"S":"` + bound + `b"}`
			}
			got := w.all(rt, "Query", `"TableName":"tbl","KeyConditionExpression":"pk = :p and `+op+`","ExpressionAttributeValues":{`+values+`}`+pages)
			want := expect(model, backward, bySort, func(m modelItem) bool { return m.pk == "p" && keep(m.sk) })
			if !slices.Equal(got, want) {
				rt.Fatalf("%s %s: %v, want %v", op, bound, got, want)
			}
		}
	})
}

func TestPagesOfIndexesAndScansGiveWhatAModelGives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := tableWorld(t)
		model := drawModel(rt, w)
		pages, backward := paging(rt)
		number := rapid.IntRange(-20, 20).Draw(rt, "number")
		for _, x := range []struct {
			index, hash, value string
			keep               func(modelItem) bool
		}{
			{"gsi", "g", "G", func(m modelItem) bool { return m.g == "G" && m.n >= number }},
			{"lsi", "pk", "p", func(m modelItem) bool { return m.pk == "p" && m.n >= number }},
		} {
			got := w.all(rt, "Query", fmt.Sprintf(`"TableName":"tbl","IndexName":"%s","KeyConditionExpression":"%s = :p and n >= :n",
				"ExpressionAttributeValues":{":p":{"S":"%s"},":n":{"N":"%d"}}`, x.index, x.hash, x.value, number)+pages)
			if want := expect(model, backward, byNumber, x.keep); !slices.Equal(got, want) {
				rt.Fatalf("%s: %v, want %v", x.index, got, want)
			}
		}
		var scanned []string
		for i := range 3 {
			scanned = append(scanned, w.all(rt, "Scan", fmt.Sprintf(`"TableName":"tbl","Segment":%d,"TotalSegments":3`, i)+pages)...)
		}
		slices.Sort(scanned)
		if want := expect(model, false, byName, func(modelItem) bool { return true }); !slices.Equal(scanned, want) {
			rt.Fatalf("scan in segments: %v, want %v", scanned, want)
		}
	})
}

func TestAPageEndsAtOneMegabyte(t *testing.T) {
	w := tableWorld(t)
	for i := range 4 {
		w.do(east, "PutItem", fmt.Sprintf(`{"TableName":"tbl","Item":{"pk":{"S":"p"},"sk":{"S":"%d"},"x":{"S":"%s"}}}`, i, strings.Repeat("x", 390<<10)))
	}
	const body = `"TableName":"tbl","Select":"COUNT","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p"}},"ReturnConsumedCapacity":"TOTAL"`
	w.want(east, "Query", `{`+body+`}`, `{"Count":3,"ScannedCount":3,"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"2"}},"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":146.5}}`)
	w.want(east, "Query", `{`+body+`,"ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"2"}}}`, `{"Count":1,"ScannedCount":1,"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":49.0}}`)
}

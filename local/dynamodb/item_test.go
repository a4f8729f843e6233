package dynamodb

import (
	"fmt"
	"strings"
	"testing"

	"twofold/local/core"
)

func TestKeysAndSizesAreChecked(t *testing.T) {
	w := tableWorld(t)
	put := func(item string) string { return `{"TableName":"tbl","Item":` + item + `}` }
	for _, c := range [][3]string{
		{"PutItem", put(`{"sk":{"S":"a"}}`), "One or more parameter values were invalid: Missing the key pk in the item"},
		{"PutItem", put(`{"pk":{"N":"1"},"sk":{"S":"a"}}`), "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"},
		{"PutItem", put(`{"pk":{"S":""},"sk":{"S":"a"}}`), "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"},
		{"PutItem", put(`{"pk":{"S":"a"},"sk":{"S":"a"},"g":{"N":"1"}}`), "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"},
		{"PutItem", put(`{"pk":{"S":"a"},"sk":{"S":"a"},"g":{"S":""}}`), "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: g"},
		{"PutItem", put(`{"pk":{"S":"` + strings.Repeat("a", 2049) + `"},"sk":{"S":"a"}}`), "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"PutItem", put(`{"pk":{"S":"a"},"sk":{"S":"` + strings.Repeat("a", 1025) + `"}}`), "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		{"PutItem", put(`{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"S":"` + strings.Repeat("a", maxItem) + `"}}`), "Item size has exceeded the maximum allowed size"},
		{"GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"}}}`, "The provided key element does not match the schema"},
		{"GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"N":"1"}}}`, "The provided key element does not match the schema"},
		{"GetItem", `{"Key":{"pk":{"S":"a"}}}`, "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
		{"PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"}},"ReturnValues":"ALL_NEW"}`, "ReturnValues can only be ALL_OLD or NONE"},
		{"PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"}},"ReturnValues":"x"}`, "1 validation error detected: Value 'x' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
	} {
		w.wantError(c[0], c[1], "ValidationException", c[2])
	}
	w.wantError("GetItem", `{"TableName":"nope","Key":{"pk":{"S":"a"}}}`, "ResourceNotFoundException", "Requested resource not found")
}

func TestWritesAnswerWhatIsAskedFor(t *testing.T) {
	w := tableWorld(t)
	k := `"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}`
	w.want(east, "PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"n":{"N":"1"},"g":{"S":"x"}},"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"INDEXES"}`,
		`{"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":3.0,"Table":{"CapacityUnits":1.0},"GlobalSecondaryIndexes":{"gsi":{"CapacityUnits":1.0}},"LocalSecondaryIndexes":{"lsi":{"CapacityUnits":1.0}}}}`)
	w.want(east, "UpdateItem", `{`+k+`,"UpdateExpression":"SET m = :m, n = n + :o","ExpressionAttributeValues":{":m":{"M":{"a":{"S":"1"},"b":{"S":"2"}}},":o":{"N":"2"}},"ReturnValues":"UPDATED_OLD"}`,
		`{"Attributes":{"n":{"N":"1"}}}`)
	w.want(east, "UpdateItem", `{`+k+`,"UpdateExpression":"SET m.a = :o","ExpressionAttributeValues":{":o":{"N":"2"}},"ReturnValues":"UPDATED_NEW"}`,
		`{"Attributes":{"m":{"M":{"a":{"N":"2"}}}}}`)
	_, err := w.try(east, "DeleteItem", `{`+k+`,"ConditionExpression":"n = :o","ExpressionAttributeValues":{":o":{"N":"2"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`)
	if err == nil || err.Code != "ConditionalCheckFailedException" || err.Message != "The conditional request failed" {
		t.Fatalf("got %v", err)
	}
	if _, _, body := core.Encode(nil, err); !strings.Contains(string(body), `"Item":{"g":{"S":"x"}`) {
		t.Errorf("the failed condition must show the item: %s", body)
	}
	w.want(east, "DeleteItem", `{`+k+`,"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"TOTAL"}`,
		`{"Attributes":{"g":{"S":"x"},"m":{"M":{"a":{"N":"2"},"b":{"S":"2"}}},"n":{"N":"3"},"pk":{"S":"a"},"sk":{"S":"b"}},"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":3.0}}`)
	w.want(east, "GetItem", `{`+k+`,"ReturnConsumedCapacity":"TOTAL"}`, `{"ConsumedCapacity":{"TableName":"tbl","CapacityUnits":0.5}}`)
}

func TestTransactionsAreAllOrNothing(t *testing.T) {
	w := tableWorld(t)
	put := func(sk, rest string) string {
		return `{"Put":{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"` + sk + `"}}` + rest + `}}`
	}
	w.do(east, "TransactWriteItems", `{"TransactItems":[`+put("1", "")+`]}`)
	_, err := w.try(east, "TransactWriteItems", `{"TransactItems":[`+put("2", "")+`,`+
		put("1", `,"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"`)+`]}`)
	if err == nil || err.Message != "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]" {
		t.Fatalf("got %v", err)
	}
	if got := fmt.Sprintf("%s", err.Fields["CancellationReasons"]); got != `[{"Code":"None"},{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}},"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}]` {
		t.Errorf("reasons %s", got)
	}
	w.want(east, "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"1"}}}},{"Get":{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"2"}}}}]}`,
		`{"Responses":[{"Item":{"pk":{"S":"a"},"sk":{"S":"1"}}},{}]}`)
	w.wantError("TransactWriteItems", `{"TransactItems":[`+put("1", "")+`,`+put("1", "")+`]}`, "ValidationException", "Transaction request cannot include multiple operations on one item")
	w.wantError("TransactWriteItems", `{"TransactItems":[{}]}`, "ValidationException", "TransactItems can only contain one of Check, Put, Update or Delete")
	w.wantError("TransactWriteItems", `{"TransactItems":[]}`, "ValidationException", "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1")
}

func TestTransactionTokensMakeItHappenOnce(t *testing.T) {
	w := tableWorld(t)
	add := func(n string) string {
		return `{"ClientRequestToken":"tok","TransactItems":[{"Update":{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"UpdateExpression":"ADD c :n","ExpressionAttributeValues":{":n":{"N":"` + n + `"}}}}]}`
	}
	count := `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"ProjectionExpression":"c"}`
	w.do(east, "TransactWriteItems", add("1"))
	w.do(east, "TransactWriteItems", add("1"))
	w.want(east, "GetItem", count, `{"Item":{"c":{"N":"1"}}}`)
	if _, err := w.try(east, "TransactWriteItems", add("2")); err == nil || err.Code != "IdempotentParameterMismatchException" {
		t.Errorf("got %v", err)
	}
	w.run(tokenLife + 1)
	w.do(east, "TransactWriteItems", add("1"))
	w.want(east, "GetItem", count, `{"Item":{"c":{"N":"2"}}}`)
}

func TestBatchesWriteAndReadManyItems(t *testing.T) {
	w := tableWorld(t)
	k := `{"pk":{"S":"a"},"sk":{"S":"1"}}`
	w.want(east, "BatchWriteItem", `{"RequestItems":{"tbl":[{"PutRequest":{"Item":`+k+`}},{"DeleteRequest":{"Key":{"pk":{"S":"a"},"sk":{"S":"2"}}}}]},"ReturnConsumedCapacity":"TOTAL"}`,
		`{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"tbl","CapacityUnits":2.0}]}`)
	w.want(east, "BatchGetItem", `{"RequestItems":{"tbl":{"Keys":[`+k+`,{"pk":{"S":"a"},"sk":{"S":"2"}}]}}}`, `{"Responses":{"tbl":[`+k+`]},"UnprocessedKeys":{}}`)
	w.wantError("BatchGetItem", `{"RequestItems":{"tbl":{"Keys":[`+k+`,`+k+`]}}}`, "ValidationException", "Provided list of item keys contains duplicates")
	w.wantError("BatchWriteItem", `{"RequestItems":{"tbl":[{"PutRequest":{"Item":`+k+`}},{"DeleteRequest":{"Key":`+k+`}}]}}`, "ValidationException", "Provided list of item keys contains duplicates")
	many := make([]string, 26)
	for i := range many {
		many[i] = fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"%d"}}}}`, i)
	}
	w.wantError("BatchWriteItem", `{"RequestItems":{"tbl":[`+strings.Join(many, ",")+`]}}`, "ValidationException", "1 validation error detected: Value '{tbl=["+strings.Repeat("WriteRequest(PutRequest), ", 25)+
		"WriteRequest(PutRequest)]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: "+
		"[Member must have length less than or equal to 25, Member must have length greater than or equal to 1]")
}

// refuser denies one action and notes what it was asked.
type refuser struct {
	action string
	asked  []string
}

func (r *refuser) Allowed(_ core.Principal, action, resource string, keys []core.ConditionKey) error {
	r.asked = append(r.asked, fmt.Sprint(action, " ", resource, " ", keys))
	if action == r.action {
		return fmt.Errorf("no policy allows it")
	}
	return nil
}

func TestEveryTouchedResourceIsAuthorizedFirst(t *testing.T) {
	w := tableWorld(t)
	r := &refuser{action: "dynamodb:ConditionCheckItem"}
	w.cloud.UseAuthorizer(r)
	call := func(op, body string) error {
		_, err := w.cloud.Do(t.Context(), &core.Call{Region: east, Service: "dynamodb", Operation: op, Body: []byte(body), Principal: core.Principal{RoleARN: "role"}})
		return err
	}
	err := call("TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"1"}}}},{"ConditionCheck":{"TableName":"tbl","Key":{"pk":{"S":"b"},"sk":{"S":"1"}},"ConditionExpression":"attribute_exists(pk)"}}]}`)
	if e, ok := err.(*core.Error); !ok || e.Code != "AccessDeniedException" {
		t.Fatalf("got %v", err)
	}
	if err := call("Query", `{"TableName":"tbl","IndexName":"gsi","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"G"}}}`); err != nil {
		t.Fatal(err)
	}
	if err := call("BatchGetItem", `{"RequestItems":{"tbl":{"Keys":[{"pk":{"S":"a"},"sk":{"S":"1"}}]}}}`); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/tbl [{dynamodb:LeadingKeys [a]} {dynamodb:EnclosingOperation [TransactWriteItems]}]",
		"dynamodb:ConditionCheckItem arn:aws:dynamodb:us-east-1:000000000000:table/tbl [{dynamodb:LeadingKeys [b]} {dynamodb:EnclosingOperation [TransactWriteItems]}]",
		"dynamodb:Query arn:aws:dynamodb:us-east-1:000000000000:table/tbl/index/gsi [{dynamodb:LeadingKeys [G]}]",
		"dynamodb:BatchGetItem arn:aws:dynamodb:us-east-1:000000000000:table/tbl [{dynamodb:LeadingKeys [a]} {dynamodb:EnclosingOperation [BatchGetItem]}]",
	}
	if got := strings.Join(r.asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("asked\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if n := len(w.svc.Items(east, "tbl")); n != 0 {
		t.Errorf("a refused transaction wrote %d items", n)
	}
}

package dynamodb

import (
	"context"
	"fmt"
	"testing"

	"twofold/local/core"
)

func benchCall(b *testing.B, op string, body func(i int) string) {
	w := simWorld(b, 1, 0, Options{})
	w.globalTable("glob")
	w.do(east, "CreateTable", testTable)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, err := w.cloud.Do(context.Background(), &core.Call{Region: east, Service: "dynamodb", Operation: op, Body: []byte(body(i))})
		if err != nil {
			b.Fatal(err)
		}
	}
}

const orderItem = `"type":{"S":"OrderPlaced"},"fact":{"S":"placed"},"home":{"S":"us-east-1"},"amount":{"N":"1234"},"at":{"S":"2026-05-01T12:00:00.000Z"},"lines":{"L":[{"M":{"sku":{"S":"TEA"},"quantity":{"N":"2"}}}]}`

func BenchmarkPutItemWithCondition(b *testing.B) {
	benchCall(b, "PutItem", func(i int) string {
		return fmt.Sprintf(`{"TableName":"tbl","ConditionExpression":"attribute_not_exists(pk)","Item":{"pk":{"S":"order#%d"},"sk":{"S":"fact#placed"},%s}}`, i, orderItem)
	})
}

func BenchmarkPutItemGlobal(b *testing.B) {
	benchCall(b, "PutItem", func(i int) string {
		return fmt.Sprintf(`{"TableName":"glob","Item":{"pk":{"S":"order#%d"},"sk":{"S":"fact#placed"},%s}}`, i, orderItem)
	})
}

func BenchmarkGetItem(b *testing.B) {
	benchCall(b, "GetItem", func(int) string { return `{"TableName":"tbl","Key":{"pk":{"S":"order#1"},"sk":{"S":"fact#placed"}}}` })
}

func BenchmarkUpdateItem(b *testing.B) {
	benchCall(b, "UpdateItem", func(int) string {
		return `{"TableName":"tbl","Key":{"pk":{"S":"sku#TEA"},"sk":{"S":"stock"}},"UpdateExpression":"SET available = if_not_exists(available, :z) + :q ADD #v :q","ConditionExpression":"attribute_not_exists(closed) OR closed = :z","ExpressionAttributeNames":{"#v":"version"},"ExpressionAttributeValues":{":q":{"N":"3"},":z":{"N":"0"}}}`
	})
}

func BenchmarkTransactWriteItems(b *testing.B) {
	benchCall(b, "TransactWriteItems", func(i int) string {
		return fmt.Sprintf(`{"ClientRequestToken":"%d","TransactItems":[{"Update":{"TableName":"tbl","Key":{"pk":{"S":"sku#TEA"},"sk":{"S":"stock"}},"UpdateExpression":"ADD held :q","ExpressionAttributeValues":{":q":{"N":"3"}}}},
		{"Put":{"TableName":"tbl","ConditionExpression":"attribute_not_exists(pk)","Item":{"pk":{"S":"order#%d"},"sk":{"S":"reservation"},%s}}},
		{"ConditionCheck":{"TableName":"tbl","Key":{"pk":{"S":"order#%d"},"sk":{"S":"closed"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}`, i, i, orderItem, i)
	})
}

func BenchmarkQuery(b *testing.B) {
	w := tableWorld(b)
	for i := range 5 {
		w.do(east, "PutItem", fmt.Sprintf(`{"TableName":"tbl","Item":{"pk":{"S":"order#1"},"sk":{"S":"fact#%d"},%s}}`, i, orderItem))
	}
	b.ReportAllocs()
	for b.Loop() {
		w.do(east, "Query", `{"TableName":"tbl","KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"order#1"}},"ConsistentRead":true}`)
	}
}

package dynamodb

import (
	"strings"
	"testing"
)

func TestUpdateTableChangesBillingStreamAndIndexes(t *testing.T) {
	w := tableWorld(t)
	w.do(east, "CreateTable", `{"TableName":"upd","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
		"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}}`)
	w.do(east, "PutItem", `{"TableName":"upd","Item":{"pk":{"S":"a"},"g":{"N":"1"}}}`)
	update := func(members string) string { return `{"TableName":"upd",` + members + `}` }
	w.wantError("UpdateTable", update(`"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":5}`), "ValidationException",
		"1 validation error detected: Value '0' at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1")
	if _, err := w.try(east, "UpdateTable", update(`"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}`)); err == nil || !strings.HasPrefix(err.Message, "The provisioned throughput for the table will not change.") {
		t.Errorf("got %v", err)
	}
	create := `"AttributeDefinitions":[{"AttributeName":"g","AttributeType":"N"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]`
	w.do(east, "UpdateTable", update(`"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"},`+create))
	w.want(east, "Query", update(`"IndexName":"gsi","Select":"COUNT","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"N":"1"}}`), `{"Count":1,"ScannedCount":1}`)
	w.wantError("UpdateTable", update(create), "ValidationException", "Attempting to create an index which already exists")
	w.wantError("UpdateTable", update(`"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}`), "ValidationException", "Table already has an enabled stream: TableName: upd")
	w.wantError("UpdateTable", update(`"GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"none"}}]`), "ResourceNotFoundException", "Requested resource not found")
	w.do(east, "UpdateTable", update(`"GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"gsi"}}],"DeletionProtectionEnabled":true`))
	w.wantError("DeleteTable", `{"TableName":"upd"}`, "ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	w.wantError("UpdateTable", `{"TableName":"upd"}`, "ValidationException", "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
}

func TestTagsAreKeptByKey(t *testing.T) {
	w := tableWorld(t)
	arn := `"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tbl"`
	for _, c := range [][2]string{{"TagResource", `"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]`}, {"TagResource", `"Tags":[{"Key":"a","Value":"3"}]`},
		{"UntagResource", `"TagKeys":["b"]`}} {
		if _, err := w.try(east, c[0], `{`+arn+`,`+c[1]+`}`); err != nil { // the answers are empty
			t.Fatal(err)
		}
	}
	w.want(east, "ListTagsOfResource", `{`+arn+`}`, `{"Tags":[{"Key":"a","Value":"3"}]}`)
	w.wantError("TagResource", `{"ResourceArn":"nope","Tags":[]}`, "ValidationException", "Invalid TableArn: Invalid ResourceArn provided as input nope")
	if _, err := w.try(east, "ListTagsOfResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/none"}`); err == nil || err.Code != "AccessDeniedException" {
		t.Errorf("got %v", err)
	}
}

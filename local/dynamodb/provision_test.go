package dynamodb

import (
	"strings"
	"testing"

	"twofold/local/core"
)

func resource(t *testing.T, kind, properties string) core.Resource {
	return core.Resource{Region: east, Stack: "data", LogicalID: "Orders", Type: kind, Position: "data.yaml:7", Properties: decoded(t, properties)}
}

const workTable = `{"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
 "BillingMode":"PAY_PER_REQUEST","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":"true"},"Tags":[{"Key":"a","Value":"b"}]`

func TestATableIsProvisionedAndChangedInPlace(t *testing.T) {
	w := simWorld(t, 1, 0, Options{})
	p, err := w.svc.Provision(t.Context(), resource(t, TypeTable, workTable+`}`))
	if err != nil {
		t.Fatal(err)
	}
	name := resource(t, TypeTable, workTable+`}`).PhysicalName()
	if p.Ref != name || p.Attrs["Arn"] != "arn:aws:dynamodb:us-east-1:000000000000:table/"+name || p.Attrs["StreamArn"] != nil {
		t.Errorf("got %v", p)
	}
	w.do(east, "PutItem", `{"TableName":"`+name+`","Item":{"pk":{"S":"a"}}}`)
	p, err = w.svc.Provision(t.Context(), resource(t, TypeTable, workTable+`,"StreamSpecification":{"StreamViewType":"KEYS_ONLY"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Attrs["StreamArn"] == nil || len(w.svc.Items(east, name)) != 1 {
		t.Errorf("got %v, %d items", p, len(w.svc.Items(east, name)))
	}
	w.want(east, "DescribeTimeToLive", `{"TableName":"`+name+`"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}}`)
}

func TestWrongTablesStopTheDeploymentAndSayWhere(t *testing.T) {
	w := simWorld(t, 1, 0, Options{})
	if _, err := w.svc.Provision(t.Context(), resource(t, TypeTable, workTable+`}`)); err != nil {
		t.Fatal(err)
	}
	global := strings.Replace(workTable, `"Tags":[{"Key":"a","Value":"b"}]`, `"StreamSpecification":{"StreamViewType":"NEW_AND_OLD_IMAGES"},"TableName":"glob"`, 1)
	for _, c := range [][3]string{
		{TypeTable, workTable + `,"KinesisStreamSpecification":{}}`, "KinesisStreamSpecification"},
		{TypeTable, strings.ReplaceAll(workTable, `"pk"`, `"id"`) + `}`, "exists with another key"},
		{TypeTable, strings.Replace(workTable, `"AttributeType":"S"`, `"AttributeType":"X"`, 1) + `}`, "Member must satisfy enum value set: [B, N, S]"},
		{TypeTable, strings.Replace(workTable, `"AttributeName":"pk","KeyType"`, `"AttributeName":"no","KeyType"`, 1) + `}`, "Some index key attributes are not defined in AttributeDefinitions. Keys: [no], AttributeDefinitions: [pk]"},
		{TypeTable, strings.Replace(workTable, `"BillingMode":"PAY_PER_REQUEST",`, "", 1) + `}`, "ProvisionedThroughput is required"},
		{TypeGlobalTable, global + `,"Replicas":[{"Region":"us-west-2"}]}`, "own region us-east-1"},
		{TypeGlobalTable, global + `,"Replicas":[{"Region":"us-east-1"}],"MultiRegionConsistency":"STRONG"}`, "MultiRegionConsistency STRONG"},
		{TypeGlobalTable, strings.Replace(global, "NEW_AND_OLD_IMAGES", "NEW_IMAGE", 1) + `,"Replicas":[{"Region":"us-east-1"},{"Region":"us-west-2"}]}`, "NEW_AND_OLD_IMAGES is required"},
		{"AWS::DynamoDB::Other", `{}`, "does not run this type"},
	} {
		_, err := w.svc.Provision(t.Context(), resource(t, c[0], c[1]))
		if err == nil || !strings.Contains(err.Error(), c[2]) || !strings.HasPrefix(err.Error(), "data.yaml:7: Orders") {
			t.Errorf("got %v, want %s", err, c[2])
		}
	}
}

func TestWritesAreMetered(t *testing.T) {
	w := simWorld(t, 1, 0, Options{})
	w.globalTable("glob")
	w.do(east, "CreateTable", testTable)
	w.do(east, "PutItem", globBody("a", strings.Repeat("x", 2000)))
	w.run(1)
	w.do(east, "TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"1"},"n":{"N":"1"}}}}]}`)
	w.do(east, "GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"1"}}}`)
	w.do(east, "GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"1"}},"ConsistentRead":true}`)
	got := map[core.MeterKey]float64{}
	for _, r := range w.cloud.Meter.Read() {
		got[r.MeterKey] = r.N
	}
	want := map[core.MeterKey]float64{{Region: east, Unit: unitReplicated}: 2, {Region: west, Unit: unitReplicated}: 2, {Region: east, Unit: unitWrite}: 4, {Region: east, Unit: unitRead}: 1.5,
		{Region: west, Unit: unitTransfer}: 2007} // the item's size
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%v = %v, want %v", k, got[k], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("metered %v", got)
	}
}

func TestControlOperationsAnswerInTheServicesWords(t *testing.T) {
	w := tableWorld(t)
	w.wantError("CreateTable", testTable, "ResourceInUseException", "Table already exists: tbl")
	w.wantError("DescribeTable", `{"TableName":"nope"}`, "ResourceNotFoundException", "Requested resource not found: Table: nope not found")
	w.wantError("CreateTable", `{"TableName":"tt2","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`,
		"ValidationException", "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	w.do(east, "UpdateTimeToLive", `{"TableName":"tbl","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}`)
	w.wantError("UpdateTimeToLive", `{"TableName":"tbl","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}`, "ValidationException", "TimeToLive is already enabled")
	w.want(east, "ListTables", `{}`, `{"TableNames":["tbl"]}`)
	w.want(west, "ListTables", `{}`, `{"TableNames":[]}`)
	w.do(east, "DeleteTable", `{"TableName":"tbl"}`)
	w.want(east, "ListTables", `{}`, `{"TableNames":[]}`)
	if _, err := w.try(east, "ExecuteStatement", `{}`); err == nil || err.Code != "UnsupportedOperationException" {
		t.Errorf("got %v", err)
	}
}

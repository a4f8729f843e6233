package integration_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/template"
)

// createTables creates the tables of the templates in both regions, as an operator would by CreateTable.
func (r *regions) createTables() {
	r.t.Helper()
	for _, region := range []string{east, west} {
		for file, parameters := range map[string]map[string]string{
			"../../stacks/global-data.yaml": {"Stage": r.stage, "PeerRegion": west},
			"../../stacks/data.yaml":        {"Stage": r.stage, "OrdersTable": r.table("orders"), "CatalogueTable": r.table("catalogue")},
		} {
			d := template.NewDeployer(core.ProvisionerFunc(func(_ context.Context, res core.Resource) (core.Physical, error) {
				return r.provision(region, res)
			}), nil)
			if _, err := d.Deploy(r.t.Context(), template.Deployment{TemplateFile: file, StackName: r.stage, Region: region, Parameters: parameters}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// provision creates a table and lets everything else be.
func (r *regions) provision(region string, res core.Resource) (core.Physical, error) {
	if strings.HasPrefix(res.Type, "AWS::DynamoDB::") {
		return core.Physical{Ref: res.PhysicalName()}, r.createTable(region, res)
	}
	return core.Physical{Ref: res.PhysicalName(), Attrs: map[string]any{"Arn": "arn", "Version": "1", "StreamArn": "stream"}}, nil
}

// createTable sends what a template says of a table as the request that it has the same names in.
func (r *regions) createTable(region string, res core.Resource) error {
	in := map[string]any{}
	for _, name := range []string{"TableName", "BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"} {
		if v, ok := res.Properties[name]; ok {
			in[name] = v
		}
	}
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "https://dynamodb."+region+".amazonaws.com/", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810.CreateTable")
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	creds := aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	if err := v4.NewSigner().SignHTTP(r.t.Context(), creds, req, "UNSIGNED-PAYLOAD", "dynamodb", region, r.clock.Now()); err != nil {
		return err
	}
	resp, err := r.calls.RoundTrip(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return res.Errorf("%s", resp.Status)
	}
	return resp.Body.Close()
}

// items are all items of a table by "<pk> <sk>".
func (r *regions) items(region, table string) map[string]platform.Item {
	r.t.Helper()
	out := map[string]platform.Item{}
	for pages := dynamodb.NewScanPaginator(r.db(region), &dynamodb.ScanInput{TableName: aws.String(r.table(table)), ConsistentRead: aws.Bool(true)}); pages.HasMorePages(); {
		page, err := pages.NextPage(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		for _, item := range page.Items {
			out[str(item, "pk")+" "+str(item, "sk")] = item
		}
	}
	return out
}

// replicate copies a region's items of a global table to the other region, as DynamoDB does sooner or later.
func (r *regions) replicate(table, from, to string) {
	r.t.Helper()
	for _, item := range r.items(from, table) {
		if _, err := r.db(to).PutItem(r.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(r.table(table)), Item: item}); err != nil {
			r.t.Fatal(err)
		}
	}
}

func str(item platform.Item, name string) string {
	s, _ := item[name].(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

// read is an item as a value.
func read[T any](t *testing.T, items map[string]platform.Item, key string) T {
	t.Helper()
	var v T
	item, ok := items[key]
	if !ok {
		t.Fatalf("there is no item %q", key)
	}
	if err := attributevalue.UnmarshalMap(item, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// wantSame fails unless what was done left a table as it was.
func (r *regions) wantSame(what string, before map[string]platform.Item, region, table string) {
	r.t.Helper()
	if after := r.items(region, table); !reflect.DeepEqual(before, after) {
		r.t.Errorf("%s changed %s in %s from %d items to %d", what, table, region, len(before), len(after))
	}
}

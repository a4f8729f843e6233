package dynamodb

import (
	"context"
	"encoding/json"
	"strings"

	"twofold/local/core"
)

// controlHandler is the handler of an operation on tables, or nil.
func (s *Service) controlHandler(operation string) handler {
	switch operation {
	case "CreateTable":
		return s.createTable
	case "DeleteTable":
		return s.deleteTable
	case "DescribeTable":
		return s.describeTable
	case "ListTables":
		return s.listTables
	case "UpdateTimeToLive":
		return s.updateTTL
	case "DescribeTimeToLive":
		return s.describeTTL
	case "UpdateTable":
		return s.updateTable
	case "DescribeLimits":
		return s.describeLimits
	case "DescribeContinuousBackups":
		return s.describeBackups
	case "DescribeEndpoints":
		return s.describeEndpoints
	}
	return s.tagHandler(operation)
}

// named reads the table name of a control request, asks for permission and finds the table.
func (s *Service) named(call *core.Call, v any, name *string, action string) (*table, *core.Error) {
	if err := call.Decode(v); err != nil {
		return nil, coreError(err)
	}
	var sent struct{ TableName *string }
	if err := call.Decode(&sent); err != nil {
		return nil, coreError(err)
	}
	if sent.TableName == nil {
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	}
	var c constraints
	c.name(name, "tableName", 3)
	if err := c.err(); err != nil {
		return nil, err
	}
	*name = nameOfTable(*name)
	if err := call.Authorize("dynamodb:"+action, core.ARN("dynamodb", call.Region, "table/"+*name)); err != nil {
		return nil, coreError(err)
	}
	t, ok := s.table(call.Region, *name)
	if !ok {
		return nil, core.Errorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", *name)
	}
	return t, nil
}

func (s *Service) createTable(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var spec tableSpec
	t, err := s.named(call, &spec, &spec.TableName, "CreateTable")
	if t != nil {
		return nil, core.Errorf("ResourceInUseException", "Table already exists: %s", spec.TableName)
	}
	if err.Code != "ResourceNotFoundException" {
		return nil, err
	}
	def, err := spec.schema()
	if err != nil {
		return nil, err
	}
	if def.billing == "PROVISIONED" && spec.ProvisionedThroughput == nil {
		return nil, invalid("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	}
	t = newTable(s, call.Region, spec.TableName, def)
	t.tags = spec.Tags
	if err := s.add(t); err != nil {
		return nil, core.Errorf("InternalServerError", "%v", err)
	}
	return marshal(map[string]any{"TableDescription": t.describe("CREATING")})
}

func marshal(v any) ([]byte, *core.Error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, coreError(err)
	}
	return b, nil
}

type nameRequest struct{ TableName string }

func (s *Service) deleteTable(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r nameRequest
	t, err := s.named(call, &r, &r.TableName, "DeleteTable")
	if err != nil {
		return nil, err
	}
	if t.global() {
		return nil, core.NotRun("dynamodb", "DeleteTable for a replica of a global table")
	}
	if t.currentSchema().protected {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	s.mu.Lock()
	delete(s.tables, tableKey{call.Region, r.TableName})
	s.mu.Unlock()
	t.mu.Lock()
	t.setTTL("")
	t.note(logEntry{Emptied: t.name})
	t.mu.Unlock()
	return marshal(map[string]any{"TableDescription": t.describe("DELETING")})
}

func (s *Service) describeTable(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r nameRequest
	t, err := s.named(call, &r, &r.TableName, "DescribeTable")
	if err != nil {
		return nil, err
	}
	return marshal(map[string]any{"Table": t.describe("ACTIVE")})
}

// describe is a TableDescription.
func (t *table) describe(status string) map[string]any {
	t.mu.Lock()
	defer t.mu.Unlock()
	def := t.schema
	d := map[string]any{"TableName": t.name, "TableStatus": status, "TableArn": t.arn, "TableId": t.id,
		"CreationDateTime": float64(t.created.UnixMilli()) / 1000, "ItemCount": t.items.Len(), "TableSizeBytes": t.bytes,
		"KeySchema": describeKeys(def.hash, def.sort), "DeletionProtectionEnabled": def.protected, "ProvisionedThroughput": def.throughput.describe()}
	var definitions []map[string]string
	for _, a := range def.definitions {
		definitions = append(definitions, map[string]string{"AttributeName": a.name, "AttributeType": a.kind.String()})
	}
	d["AttributeDefinitions"] = definitions
	if def.billing == "PAY_PER_REQUEST" {
		d["BillingModeSummary"] = map[string]any{"BillingMode": def.billing}
	}
	t.describeIndexes(d, map[bool]string{true: "ACTIVE", false: status}[status == "UPDATING"])
	if t.stream != nil {
		d["StreamSpecification"] = map[string]any{"StreamEnabled": true, "StreamViewType": t.stream.view}
		d["LatestStreamArn"], d["LatestStreamLabel"] = t.stream.arn, t.stream.label
	}
	if len(t.links) > 0 {
		d["GlobalTableVersion"] = "2019.11.21"
		var replicas []map[string]string
		for _, l := range t.links {
			replicas = append(replicas, map[string]string{"RegionName": l.to.region, "ReplicaStatus": "ACTIVE"})
		}
		d["Replicas"] = replicas
	}
	return d
}

func (t *table) describeIndexes(d map[string]any, status string) {
	var global, local []map[string]any
	for _, x := range t.indexes {
		bytes := 0
		x.rows.Scan(func(e *entry) bool { bytes += x.schema.project(e.row.item).size(); return true })
		projection := map[string]any{"ProjectionType": x.schema.projection}
		if len(x.schema.include) > 0 {
			projection["NonKeyAttributes"] = x.schema.include
		}
		m := map[string]any{"IndexName": x.schema.name, "IndexArn": t.arn + "/index/" + x.schema.name, "Projection": projection,
			"KeySchema": describeKeys(x.schema.hash, x.schema.sort), "ItemCount": x.rows.Len(), "IndexSizeBytes": bytes}
		if x.schema.global {
			m["IndexStatus"], m["ProvisionedThroughput"] = status, x.schema.throughput.describe()
			global = append(global, m)
		} else {
			local = append(local, m)
		}
	}
	if global != nil {
		d["GlobalSecondaryIndexes"] = global
	}
	if local != nil {
		d["LocalSecondaryIndexes"] = local
	}
}

func describeKeys(hash, sort keyPart) []map[string]string {
	out := []map[string]string{{"AttributeName": hash.name, "KeyType": "HASH"}}
	if sort.name != "" {
		out = append(out, map[string]string{"AttributeName": sort.name, "KeyType": "RANGE"})
	}
	return out
}

func (s *Service) listTables(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r struct {
		ExclusiveStartTableName string
		Limit                   *int
	}
	if err := call.Decode(&r); err != nil {
		return nil, coreError(err)
	}
	if err := call.Authorize("dynamodb:ListTables", "*"); err != nil {
		return nil, coreError(err)
	}
	limit := 100
	if r.Limit != nil {
		limit = *r.Limit
	}
	var c constraints
	c.check(limit >= 1, quote(itoa(limit)), "limit", "Member must have value greater than or equal to 1")
	c.check(limit <= 100, quote(itoa(limit)), "limit", "Member must have value less than or equal to 100")
	if err := c.err(); err != nil {
		return nil, err
	}
	names := []string{}
	for _, t := range s.tablesOf(call.Region) {
		if strings.Compare(t.name, r.ExclusiveStartTableName) > 0 {
			names = append(names, t.name)
		}
	}
	out := map[string]any{"TableNames": names[:min(limit, len(names))]}
	if len(names) > limit {
		out["LastEvaluatedTableName"] = names[limit-1]
	}
	return marshal(out)
}

func (s *Service) updateTTL(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r struct {
		TableName               string
		TimeToLiveSpecification *ttlSpec
	}
	t, err := s.named(call, &r, &r.TableName, "UpdateTimeToLive")
	if err != nil {
		return nil, err
	}
	ttl := r.TimeToLiveSpecification
	if ttl == nil || ttl.AttributeName == "" {
		return nil, invalid("1 validation error detected: Value null at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must not be null")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch now := t.schema.ttl; {
	case bool(ttl.Enabled) && now != "":
		return nil, invalid("TimeToLive is already enabled")
	case !bool(ttl.Enabled) && now == "":
		return nil, invalid("TimeToLive is already disabled")
	case !bool(ttl.Enabled) && now != ttl.AttributeName:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", now)
	}
	def := *t.schema
	if def.ttl = ""; bool(ttl.Enabled) {
		def.ttl = ttl.AttributeName
	}
	t.schema = &def
	t.setTTL(def.ttl)
	return marshal(map[string]any{"TimeToLiveSpecification": map[string]any{"AttributeName": ttl.AttributeName, "Enabled": bool(ttl.Enabled)}})
}

func (s *Service) describeTTL(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r nameRequest
	t, err := s.named(call, &r, &r.TableName, "DescribeTimeToLive")
	if err != nil {
		return nil, err
	}
	d := map[string]string{"TimeToLiveStatus": "DISABLED"}
	if ttl := t.currentSchema().ttl; ttl != "" {
		d = map[string]string{"TimeToLiveStatus": "ENABLED", "AttributeName": ttl}
	}
	return marshal(map[string]any{"TimeToLiveDescription": d})
}

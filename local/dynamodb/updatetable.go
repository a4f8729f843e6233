package dynamodb

import (
	"context"
	"slices"

	"twofold/local/core"
)

// updateTableSpec is what UpdateTable changes. Members that are not here concern capacity in other forms, encryption and replicas.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
type updateTableSpec struct {
	TableName                   string
	AttributeDefinitions        []attributeSpec
	BillingMode                 string
	ProvisionedThroughput       *throughputSpec
	GlobalSecondaryIndexUpdates []indexUpdate
	StreamSpecification         *streamSpec
	DeletionProtectionEnabled   *core.Bool
	TableClass                  string
	ReplicaUpdates              []any
	SSESpecification            map[string]any
}

// indexUpdate is one change of one index.
type indexUpdate struct {
	Create *indexSpec
	Update *indexSpec
	Delete *indexSpec
}

func (s *Service) updateTable(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r updateTableSpec
	t, err := s.named(call, &r, &r.TableName, "UpdateTable")
	if err != nil {
		return nil, err
	}
	if len(r.ReplicaUpdates) > 0 || len(r.SSESpecification) > 0 {
		return nil, core.NotRun("dynamodb", "ReplicaUpdates and SSESpecification of UpdateTable")
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	def, err := r.apply(t.schema, t.name)
	if err != nil {
		t.mu.Unlock()
		return nil, err
	}
	t.define(def)
	t.mu.Unlock()
	return marshal(map[string]any{"TableDescription": t.describe("UPDATING")})
}

// check is the part that does not look at the table.
func (r *updateTableSpec) check() *core.Error {
	var c constraints
	checkThroughput(&c, r.ProvisionedThroughput, "provisionedThroughput")
	checkKinds(&c, r.AttributeDefinitions)
	c.one(r.BillingMode, "billingMode", "PROVISIONED", "PAY_PER_REQUEST")
	if err := c.err(); err != nil {
		return err
	}
	if r.BillingMode == "" && r.ProvisionedThroughput == nil && r.GlobalSecondaryIndexUpdates == nil && r.StreamSpecification == nil &&
		r.DeletionProtectionEnabled == nil && r.TableClass == "" {
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	if r.BillingMode == "PAY_PER_REQUEST" && r.ProvisionedThroughput != nil {
		return badParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	return r.checkIndexUpdates()
}

// checkIndexUpdates: of all indexes together one may be made or removed, and each is named once.
func (r *updateTableSpec) checkIndexUpdates() *core.Error {
	var names []string
	online := 0
	for _, u := range r.GlobalSecondaryIndexUpdates {
		x, verbs := u.only()
		if verbs != 1 {
			return badParameter("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		}
		if slices.Contains(names, x.IndexName) {
			return badParameter("Only one global secondary index update per index is allowed simultaneously. Index: %s", x.IndexName)
		}
		names = append(names, x.IndexName)
		if u.Update == nil {
			online++
		}
	}
	if online > 1 {
		return core.Errorf("LimitExceededException", "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	}
	return nil
}

func (u indexUpdate) only() (x indexSpec, verbs int) {
	for _, spec := range []*indexSpec{u.Create, u.Update, u.Delete} {
		if spec != nil {
			x, verbs = *spec, verbs+1
		}
	}
	return x, verbs
}

// apply is the schema that a table has afterwards; old stays as it is.
func (r *updateTableSpec) apply(old *schema, table string) (*schema, *core.Error) {
	def := *old
	def.indexes = slices.Clone(old.indexes)
	if r.DeletionProtectionEnabled != nil {
		def.protected = bool(*r.DeletionProtectionEnabled)
	}
	if err := r.applyBilling(&def); err != nil {
		return nil, err
	}
	if err := r.applyStream(&def, table); err != nil {
		return nil, err
	}
	for _, u := range r.GlobalSecondaryIndexUpdates {
		if err := r.applyIndex(&def, u); err != nil {
			return nil, err
		}
	}
	return &def, nil
}

func (r *updateTableSpec) applyBilling(def *schema) *core.Error {
	now := first(r.BillingMode, def.billing)
	switch want := r.ProvisionedThroughput; {
	case want == nil && now == "PROVISIONED" && def.billing != now:
		return badParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	case want != nil && now == "PAY_PER_REQUEST":
		return badParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case want != nil && def.billing == "PROVISIONED" && *want == def.throughput:
		return invalid("The provisioned throughput for the table will not change. The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. "+
			"Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			want.ReadCapacityUnits, want.ReadCapacityUnits, want.WriteCapacityUnits, want.WriteCapacityUnits)
	case want != nil:
		def.throughput = *want
	case now == "PAY_PER_REQUEST":
		def.throughput = throughputSpec{}
	}
	def.billing = now
	return nil
}

func (r *updateTableSpec) applyStream(def *schema, table string) *core.Error {
	st := r.StreamSpecification
	if st == nil {
		return nil
	}
	on := st.StreamEnabled != nil && bool(*st.StreamEnabled)
	switch {
	case on && def.view != "":
		return invalid("Table already has an enabled stream: TableName: %s", table)
	case !on && def.view == "":
		return invalid("Table has no stream to disable: TableName: %s", table)
	case !on:
		def.view = ""
		return nil
	}
	return st.setView(def)
}

func (r *updateTableSpec) applyIndex(def *schema, u indexUpdate) *core.Error {
	x, _ := u.only()
	known := def.index(x.IndexName)
	if u.Create == nil && (known == nil || !known.global) {
		return notFound()
	}
	switch {
	case u.Delete != nil:
		def.indexes = slices.DeleteFunc(def.indexes, func(o indexSchema) bool { return o.name == x.IndexName })
		def.forgetUnused()
		return nil
	case u.Update != nil:
		known.throughput = throughputOf(x)
		return nil
	case known != nil:
		return invalid("Attempting to create an index which already exists")
	}
	return r.createIndex(def, x)
}

func (r *updateTableSpec) createIndex(def *schema, x indexSpec) *core.Error {
	spec := tableSpec{AttributeDefinitions: r.AttributeDefinitions}
	kinds := map[string]kind{}
	for _, d := range def.definitions {
		kinds[d.name] = d.kind
		spec.AttributeDefinitions = append(spec.AttributeDefinitions, attributeSpec{d.name, d.kind.String()})
	}
	for _, a := range r.AttributeDefinitions {
		if k, known := kinds[a.AttributeName]; known && k != kindOf(a.AttributeType) {
			return badParameter("Cannot change the type of attribute %s in AttributeDefinitions", a.AttributeName)
		}
		kinds[a.AttributeName] = kindOf(a.AttributeType)
	}
	index, err := spec.index(x, true, def, kinds, map[string]bool{})
	if err != nil {
		return err
	}
	for _, part := range []keyPart{index.hash, index.sort} {
		if part.name != "" && !slices.Contains(def.definitions, part) {
			def.definitions = append(slices.Clone(def.definitions), part)
		}
	}
	def.indexes = append(def.indexes, index)
	return nil
}

// forgetUnused drops definitions of attributes that are no key any more.
func (s *schema) forgetUnused() {
	used := s.keyNames()
	for i := range s.indexes {
		used = append(used, s.indexes[i].keyNames()...)
	}
	s.definitions = slices.DeleteFunc(slices.Clone(s.definitions), func(d keyPart) bool { return !slices.Contains(used, d.name) })
}

package dynamodb

import (
	"encoding/json"
	"slices"
	"strings"

	"twofold/local/core"
)

// tableSpec is a table as CreateTable and CloudFormation spell it: their members have the same names.
type tableSpec struct {
	TableName               string
	AttributeDefinitions    []attributeSpec
	KeySchema               []keySpec
	BillingMode             string
	ProvisionedThroughput   *throughputSpec
	GlobalSecondaryIndexes  []indexSpec
	LocalSecondaryIndexes   []indexSpec
	StreamSpecification     *streamSpec
	TimeToLiveSpecification *ttlSpec

	DeletionProtectionEnabled core.Bool
	Tags                      []tagSpec
}

type attributeSpec struct{ AttributeName, AttributeType string }

type keySpec struct{ AttributeName, KeyType string }

type throughputSpec struct{ ReadCapacityUnits, WriteCapacityUnits core.Int }

// describe is a ProvisionedThroughputDescription.
func (p throughputSpec) describe() map[string]int {
	return map[string]int{"NumberOfDecreasesToday": 0, "ReadCapacityUnits": int(p.ReadCapacityUnits), "WriteCapacityUnits": int(p.WriteCapacityUnits)}
}

func checkThroughput(c *constraints, p *throughputSpec, member string) {
	if p == nil {
		return
	}
	const least = "Member must have value greater than or equal to 1"
	c.check(p.WriteCapacityUnits >= 1, quote(itoa(int(p.WriteCapacityUnits))), member+".writeCapacityUnits", least)
	c.check(p.ReadCapacityUnits >= 1, quote(itoa(int(p.ReadCapacityUnits))), member+".readCapacityUnits", least)
}

// indexSpec is a secondary index; the raw members set capacity and insight, which change nothing here.
type indexSpec struct {
	IndexName  string
	KeySchema  []keySpec
	Projection *projectionSpec

	ProvisionedThroughput *throughputSpec

	OnDemandThroughput                 json.RawMessage
	WarmThroughput                     json.RawMessage
	ContributorInsightsSpecification   json.RawMessage
	WriteProvisionedThroughputSettings json.RawMessage
	WriteOnDemandThroughputSettings    json.RawMessage
}

type projectionSpec struct {
	ProjectionType   string
	NonKeyAttributes []string
}

// streamSpec: CreateTable says StreamEnabled, CloudFormation does not have it.
type streamSpec struct {
	StreamEnabled  *core.Bool
	StreamViewType string
}

type ttlSpec struct {
	AttributeName string
	Enabled       core.Bool
}

// schema checks the definition, with the messages of CreateTable.
func (s *tableSpec) schema() (*schema, *core.Error) {
	if err := s.checkMembers(); err != nil {
		return nil, err
	}
	def := &schema{billing: first(s.BillingMode, "PROVISIONED"), protected: bool(s.DeletionProtectionEnabled)}
	if s.ProvisionedThroughput != nil {
		def.throughput = *s.ProvisionedThroughput
	}
	kinds := map[string]kind{}
	for _, a := range s.AttributeDefinitions {
		k := kindOf(a.AttributeType)
		kinds[a.AttributeName] = k
		def.definitions = append(def.definitions, keyPart{a.AttributeName, k})
	}
	used := map[string]bool{}
	var err *core.Error
	if def.hash, def.sort, err = s.keys(s.KeySchema, kinds, used); err != nil {
		return nil, err
	}
	for i, x := range append(slices.Clone(s.GlobalSecondaryIndexes), s.LocalSecondaryIndexes...) {
		index, err := s.index(x, i < len(s.GlobalSecondaryIndexes), def, kinds, used)
		if err != nil {
			return nil, err
		}
		def.indexes = append(def.indexes, index)
	}
	if len(used) != len(kinds) {
		return nil, invalid("One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	return def, s.options(def)
}

// checkMembers checks the members against the API model.
func (s *tableSpec) checkMembers() *core.Error {
	var c constraints
	checkKinds(&c, s.AttributeDefinitions)
	checkKeys(&c, s.KeySchema, "keySchema")
	checkThroughput(&c, s.ProvisionedThroughput, "provisionedThroughput")
	c.one(s.BillingMode, "billingMode", "PROVISIONED", "PAY_PER_REQUEST")
	for i, x := range s.GlobalSecondaryIndexes {
		checkKeys(&c, x.KeySchema, "globalSecondaryIndexes."+itoa(i+1)+".member.keySchema")
	}
	for i, x := range s.LocalSecondaryIndexes {
		checkKeys(&c, x.KeySchema, "localSecondaryIndexes."+itoa(i+1)+".member.keySchema")
	}
	return c.err()
}

func checkKinds(c *constraints, list []attributeSpec) {
	for i, a := range list {
		c.check(kindOf(a.AttributeType).ordered(), quote(a.AttributeType), "attributeDefinitions."+itoa(i+1)+".member.attributeType",
			"Member must satisfy enum value set: [B, N, S]")
	}
}

func checkKeys(c *constraints, list []keySpec, member string) {
	var shown []string
	for i, k := range list {
		c.check(k.KeyType == "HASH" || k.KeyType == "RANGE", quote(k.KeyType), member+"."+itoa(i+1)+".member.keyType",
			"Member must satisfy enum value set: [HASH, RANGE]")
		shown = append(shown, "KeySchemaElement(attributeName="+k.AttributeName+", keyType="+k.KeyType+")")
	}
	value := quote("[" + strings.Join(shown, ", ") + "]")
	c.check(len(list) >= 1, value, member, "Member must have length greater than or equal to 1")
	c.check(len(list) <= 2, value, member, "Member must have length less than or equal to 2")
}

// options checks billing, stream and TTL.
func (s *tableSpec) options(def *schema) *core.Error {
	if def.billing == "PAY_PER_REQUEST" && s.ProvisionedThroughput != nil {
		return invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	if st := s.StreamSpecification; st != nil && (st.StreamEnabled == nil || bool(*st.StreamEnabled)) {
		if err := st.setView(def); err != nil {
			return err
		}
	}
	if ttl := s.TimeToLiveSpecification; ttl != nil && bool(ttl.Enabled) {
		def.ttl = ttl.AttributeName
	}
	return nil
}

// setView switches the stream on.
func (st *streamSpec) setView(def *schema) *core.Error {
	if def.view = st.StreamViewType; def.view == "" {
		return badParameter("StreamEnabled: true requires a StreamViewType")
	}
	var c constraints
	c.one(def.view, "streamSpecification.streamViewType", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
	return c.err()
}

func (s *tableSpec) keys(list []keySpec, kinds map[string]kind, used map[string]bool) (hash, sort keyPart, err *core.Error) {
	switch {
	case len(list) == 0 || len(list) > 2:
		var c constraints
		checkKeys(&c, list, "keySchema")
		return hash, sort, c.err()
	case list[0].KeyType != "HASH":
		return hash, sort, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case len(list) == 2 && list[1].KeyType != "RANGE":
		return hash, sort, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	case len(list) == 2 && list[0].AttributeName == list[1].AttributeName:
		return hash, sort, invalid("Invalid KeySchema: Some index key attribute have no definition")
	}
	for i, k := range list {
		kind, ok := kinds[k.AttributeName]
		if !ok {
			return hash, sort, s.undefined(list)
		}
		used[k.AttributeName] = true
		if part := (keyPart{k.AttributeName, kind}); i == 0 {
			hash = part
		} else {
			sort = part
		}
	}
	return hash, sort, nil
}

func (s *tableSpec) undefined(list []keySpec) *core.Error {
	var keys, defined []string
	for _, k := range list {
		keys = append(keys, k.AttributeName)
	}
	for _, a := range s.AttributeDefinitions {
		defined = append(defined, a.AttributeName)
	}
	return invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
		strings.Join(keys, ", "), strings.Join(defined, ", "))
}

func (s *tableSpec) index(spec indexSpec, global bool, def *schema, kinds map[string]kind, used map[string]bool) (x indexSchema, err *core.Error) {
	x.name, x.global, x.throughput = spec.IndexName, global, throughputOf(spec)
	var c constraints
	c.present(spec.IndexName != "", "indexName")
	c.name(&spec.IndexName, "indexName", 3)
	if err := c.err(); err != nil {
		return x, err
	}
	if x.hash, x.sort, err = s.keys(spec.KeySchema, kinds, used); err != nil {
		return x, err
	}
	switch {
	case def.index(x.name) != nil:
		return x, invalid("One or more parameter values were invalid: Duplicate index name: %s", x.name)
	case !global && def.sort.name == "":
		return x, invalid("One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	case !global && x.sort.name == "":
		return x, invalid("One or more parameter values were invalid: Index KeySchema does not have a range key for index: %s", x.name)
	case !global && x.hash != def.hash:
		return x, invalid("One or more parameter values were invalid: Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", x.name, x.hash.name, def.hash.name)
	}
	return x, x.setProjection(spec.Projection, def)
}

func throughputOf(x indexSpec) throughputSpec {
	if x.ProvisionedThroughput == nil {
		return throughputSpec{}
	}
	return *x.ProvisionedThroughput
}

func (x *indexSchema) setProjection(p *projectionSpec, def *schema) *core.Error {
	if p == nil || p.ProjectionType == "" {
		return invalid("One or more parameter values were invalid: Unknown ProjectionType: null")
	}
	x.projection, x.include = p.ProjectionType, p.NonKeyAttributes
	switch x.projection {
	case "ALL", "KEYS_ONLY":
		if len(x.include) > 0 {
			return invalid("One or more parameter values were invalid: ProjectionType is %s, but NonKeyAttributes is specified", x.projection)
		}
	case "INCLUDE":
		if len(x.include) == 0 {
			return invalid("One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
		}
	default:
		return invalid("One or more parameter values were invalid: Unknown ProjectionType: %s", x.projection)
	}
	x.kept = slices.Concat(def.keyNames(), x.keyNames(), x.include)
	return nil
}

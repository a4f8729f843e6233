package dynamodb

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"twofold/local/core"
)

// Resource types that Provision knows.
const (
	TypeTable       = "AWS::DynamoDB::Table"
	TypeGlobalTable = "AWS::DynamoDB::GlobalTable"
)

// Properties that change nothing on one machine: capacity, encryption, backups, labels.
var (
	inertTable = []string{"SSESpecification", "PointInTimeRecoverySpecification", "TableClass",
		"ContributorInsightsSpecification", "OnDemandThroughput", "WarmThroughput"}
	inertGlobal = []string{"SSESpecification", "WriteProvisionedThroughputSettings", "WriteOnDemandThroughputSettings", "WarmThroughput",
		"ReadProvisionedThroughputSettings", "ReadOnDemandThroughputSettings"}
)

// globalSpec is AWS::DynamoDB::GlobalTable.
type globalSpec struct {
	tableSpec
	Replicas               []replicaSpec
	MultiRegionConsistency string
}

// replicaSpec: what is raw concerns capacity, encryption, backups and labels.
type replicaSpec struct {
	Region                            string
	GlobalSecondaryIndexes            json.RawMessage
	ReadProvisionedThroughputSettings json.RawMessage
	ReadOnDemandThroughputSettings    json.RawMessage
	ContributorInsightsSpecification  json.RawMessage
	PointInTimeRecoverySpecification  json.RawMessage
	DeletionProtectionEnabled         json.RawMessage
	SSESpecification                  json.RawMessage
	TableClass                        json.RawMessage
	Tags                              json.RawMessage
}

// Provision implements core.Provisioner for tables and global tables. Ref is the table's name; the attributes are
// Arn, TableId and, with a stream, StreamArn. A second deployment of the same resource changes
// indexes, stream and TTL in place; another key is an error, as data would be lost.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case TypeTable:
		return s.provisionTable(r)
	case TypeGlobalTable:
		return s.provisionGlobal(r)
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type of dynamodb")
}

func (s *Service) provisionTable(r core.Resource) (core.Physical, error) {
	var spec tableSpec
	if err := r.Decode(&spec, inertTable...); err != nil {
		return core.Physical{}, err
	}
	def, err := s.specSchema(r, &spec)
	if err != nil {
		return core.Physical{}, err
	}
	if def.billing == "PROVISIONED" && spec.ProvisionedThroughput == nil {
		return core.Physical{}, r.Errorf("ProvisionedThroughput is required when BillingMode is PROVISIONED")
	}
	t, err := s.deploy(r, r.Region, spec.TableName, def)
	if err != nil {
		return core.Physical{}, err
	}
	return t.physical(), nil
}

func (s *Service) specSchema(r core.Resource, spec *tableSpec) (*schema, error) {
	spec.TableName = first(spec.TableName, r.PhysicalName())
	var c constraints
	c.name(&spec.TableName, "tableName", 3)
	if err := c.err(); err != nil {
		return nil, r.Errorf("%s", err.Message)
	}
	def, err := spec.schema()
	if err != nil {
		return nil, r.Errorf("%s", err.Message)
	}
	return def, nil
}

// deploy creates a table in a region or changes the one that is there.
func (s *Service) deploy(r core.Resource, region, name string, def *schema) (*table, error) {
	if t, ok := s.table(region, name); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.schema.hash != def.hash || t.schema.sort != def.sort {
			return nil, r.Errorf("table %s exists with another key: a new key needs a new table", name)
		}
		t.define(def)
		return t, nil
	}
	t := newTable(s, region, name, def)
	if err := s.add(t); err != nil {
		return nil, r.Errorf("%v", err)
	}
	return t, nil
}

// add makes a new table known, with what an earlier run left of it.
func (s *Service) add(t *table) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := tableKey{t.region, t.name}
	if err := t.fill(s.saved[k]); err != nil {
		return err
	}
	delete(s.saved, k)
	s.tables[k] = t
	return nil
}

func (t *table) physical() core.Physical {
	t.mu.Lock()
	defer t.mu.Unlock()
	attrs := map[string]any{"Arn": t.arn, "TableId": t.id}
	if t.stream != nil {
		attrs["StreamArn"] = t.stream.arn
	}
	return core.Physical{Ref: t.name, Attrs: attrs}
}

func (s *Service) provisionGlobal(r core.Resource) (core.Physical, error) {
	var spec globalSpec
	if err := r.Decode(&spec, inertGlobal...); err != nil {
		return core.Physical{}, err
	}
	regions, err := spec.regions(r)
	if err != nil {
		return core.Physical{}, err
	}
	def, err := s.specSchema(r, &spec.tableSpec)
	if err != nil {
		return core.Physical{}, err
	}
	if len(regions) > 1 && def.view != "NEW_AND_OLD_IMAGES" {
		return core.Physical{}, r.Errorf("StreamSpecification with StreamViewType NEW_AND_OLD_IMAGES is required for a table with several replicas")
	}
	tables := make([]*table, len(regions))
	for i, region := range regions {
		if tables[i], err = s.deploy(r, region, spec.TableName, def); err != nil {
			return core.Physical{}, err
		}
	}
	if err := s.group(r, spec.TableName, tables); err != nil {
		return core.Physical{}, err
	}
	return tables[slices.Index(regions, r.Region)].physical(), nil
}

// group makes the tables replicas of each other, unless they already are.
func (s *Service) group(r core.Resource, name string, tables []*table) error {
	s.mu.Lock()
	g, ok := s.groups[name]
	if !ok {
		g = &group{svc: s, name: name, replicas: tables, reported: map[conflict]bool{}}
		s.groups[name] = g
		if s.options.Log != nil && !s.resumed {
			g.hold()
		}
	}
	s.mu.Unlock()
	if !ok {
		g.connect()
		return nil
	}
	if !slices.Equal(g.replicas, tables) {
		return r.Errorf("the local cloud does not run a change of Replicas of table %s", name)
	}
	return nil
}

// regions are those of the replicas, sorted.
func (g *globalSpec) regions(r core.Resource) ([]string, error) {
	var out []string
	for _, p := range g.Replicas {
		if p.Region == "" || slices.Contains(out, p.Region) {
			return nil, r.Errorf("Replicas must name each region once")
		}
		out = append(out, p.Region)
	}
	slices.SortFunc(out, strings.Compare)
	if !slices.Contains(out, r.Region) {
		return nil, r.Errorf("Replicas must contain the stack's own region %s", r.Region)
	}
	if g.MultiRegionConsistency != "" && g.MultiRegionConsistency != "EVENTUAL" {
		return nil, r.Errorf("the local cloud does not run MultiRegionConsistency %s", g.MultiRegionConsistency)
	}
	return out, nil
}

package core

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Resource is one resource of a deployed stack, its intrinsics resolved.
type Resource struct {
	Region     string
	Stack      string // full stack name, nested ones included
	LogicalID  string
	Type       string         // CloudFormation type, after the SAM transform
	Properties map[string]any // JSON values
	Position   string         // "stacks/data.yaml:12", for messages
	Metadata   map[string]any

	UpdatePolicy map[string]any // how an update is done, of an alias
}

// PhysicalName is a name for a resource whose template gives none, as CloudFormation makes one of stack, logical id and
// an ending that keeps regions apart; stable over deployments.
func (r Resource) PhysicalName() string {
	sum := sha256.Sum256([]byte(r.Region + "/" + r.Stack + "/" + r.LogicalID))
	return r.Stack + "-" + r.LogicalID + "-" + base32.StdEncoding.EncodeToString(sum[:])[:12]
}

// Physical is what a created resource answers to Ref and Fn::GetAtt.
type Physical struct {
	Ref   string
	Attrs map[string]any
}

// Provisioner creates (or, for one with the same region, stack and logical id, updates)
// resources. An error stops the deployment.
type Provisioner interface {
	Provision(ctx context.Context, r Resource) (Physical, error)
}

// ProvisionerFunc is a function as a Provisioner.
type ProvisionerFunc func(ctx context.Context, r Resource) (Physical, error)

// Provision calls f.
func (f ProvisionerFunc) Provision(ctx context.Context, r Resource) (Physical, error) {
	return f(ctx, r)
}

// Decode reads the properties into the struct v, whose fields name every property that is
// run. A property that v does not have is an error, unless inert names it as one
// that changes nothing on one machine (descriptions, tags, encryption at rest, ...). Use Int and Bool for scalars:
// templates give them as strings too.
func (r Resource) Decode(v any, inert ...string) error {
	props := make(map[string]any, len(r.Properties))
	for k, p := range r.Properties {
		props[k] = p
	}
	for _, name := range inert {
		delete(props, name)
	}
	raw, err := json.Marshal(props)
	if err != nil {
		return r.Errorf("%v", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return r.Errorf("%s", strings.Replace(err.Error(), "json: unknown field", "the local cloud does not run the property", 1))
	}
	return nil
}

// Errorf is an error that names where the resource stands.
func (r Resource) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %s (%s): %s", r.Position, r.LogicalID, r.Type, fmt.Sprintf(format, args...))
}

// Int is a whole number that a template may give as a string.
type Int int64

// UnmarshalJSON accepts 5 and "5".
func (i *Int) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is not a whole number", b)
	}
	*i = Int(n)
	return nil
}

// Bool is a truth value that a template may give as a string.
type Bool bool

// UnmarshalJSON accepts true and "true".
func (v *Bool) UnmarshalJSON(b []byte) error {
	t, err := strconv.ParseBool(strings.Trim(string(b), `"`))
	if err != nil {
		return fmt.Errorf("%s is neither true nor false", b)
	}
	*v = Bool(t)
	return nil
}

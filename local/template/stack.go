package template

import (
	"crypto/sha1"
	"encoding/hex"

	"twofold/local/core"
)

// Stack is a deployed stack.
type Stack struct {
	Name      string
	Region    string
	ID        string // its ARN
	File      string // the template
	Outputs   map[string]string
	Resources []Deployed // in the order of creation
}

// Deployed is one resource of a stack.
type Deployed struct {
	core.Resource
	core.Physical
	Nested *Stack // of an AWS::CloudFormation::Stack, else nil
}

// Walk calls visit with every resource, a nested stack's own before that stack's, in the order of creation.
func (s *Stack) Walk(visit func(Deployed)) {
	for _, r := range s.Resources {
		if r.Nested != nil {
			r.Nested.Walk(visit)
		}
		visit(r)
	}
}

// stackID is the ARN of a stack; its last part is made of region and name, so that it
// stays the same over deployments.
func stackID(region, name string) string {
	sum := sha1.Sum([]byte(region + "/" + name))
	h := hex.EncodeToString(sum[:16])
	uuid := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	return core.ARN("cloudformation", region, "stack/"+name+"/"+uuid)
}

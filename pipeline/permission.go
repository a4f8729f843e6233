package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// permitted says which of the calls that an action makes its role does not allow on anything.
func (c *check) permitted(where, role string, actions ...string) {
	if c.Resources[role].Type != "AWS::IAM::Role" {
		c.say(where, "there is no role %q", role)
		return
	}
	for _, action := range actions {
		if len(c.resourcesOf(role, action)) == 0 {
			c.say(where, "the role %s does not allow %s", role, action)
		}
	}
}

// allowsOn is whether a role allows a call on the resource with a logical id.
func (c *check) allowsOn(role, action, id string) bool {
	for _, r := range c.resourcesOf(role, action) {
		if strings.Contains(r, `"`+id+`"`) {
			return true
		}
	}
	return false
}

// resourcesOf are the resources, as JSON, of a role's statements that allow a call.
func (c *check) resourcesOf(role, action string) (all []string) {
	var doc struct {
		Policies []struct {
			PolicyDocument struct {
				Statement []struct {
					Effect   string
					Action   []string
					Resource json.RawMessage
				}
			}
		}
	}
	raw, err := json.Marshal(c.Resources[role].Properties)
	if err != nil || json.Unmarshal(raw, &doc) != nil {
		c.say(role, "is not written as the other roles are: lists of actions and resources")
		return nil
	}
	for _, p := range doc.Policies {
		for _, s := range p.PolicyDocument.Statement {
			for _, a := range s.Action {
				if s.Effect == "Allow" && (a == action || strings.HasSuffix(a, "*") && strings.HasPrefix(action, strings.TrimSuffix(a, "*"))) {
					all = append(all, string(s.Resource))
				}
			}
		}
	}
	return all
}

// keys: each region's bucket is encrypted by the key whose alias the pipeline names.
func (c *check) keys() {
	raw, err := os.ReadFile(filepath.Join(c.root, "stacks/pipeline-region.yaml"))
	if err != nil {
		c.say("stacks/pipeline-region.yaml", "%v", err)
		return
	}
	for _, want := range []string{"AliasName: alias/twofold-pipeline\n", "BucketName: !Sub twofold-pipeline-${AWS::AccountId}-${AWS::Region}\n"} {
		if !strings.Contains(string(raw), want) {
			c.say("stacks/pipeline-region.yaml", "the pipeline uses what would be declared by %q", strings.TrimSpace(want))
		}
	}
}

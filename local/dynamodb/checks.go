package dynamodb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"twofold/local/core"
)

func rawItem(item attributes) json.RawMessage { return appendItem(nil, item) }

// constraints collects violations of the API model, which DynamoDB reports all at once.
type constraints []string

func (c *constraints) check(ok bool, value, member, rule string) {
	if !ok {
		*c = append(*c, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, rule))
	}
}

func quote(s string) string { return "'" + s + "'" }

// one refuses a value outside an enumeration; "" is a value that was not sent.
func (c *constraints) one(value, member string, of ...string) {
	if value != "" && !slices.Contains(of, value) {
		c.check(false, quote(value), member, "Member must satisfy enum value set: ["+strings.Join(of, ", ")+"]")
	}
}

func (c constraints) err() *core.Error {
	switch len(c) {
	case 0:
		return nil
	case 1:
		return invalid("1 validation error detected: %s", c[0])
	}
	return invalid("%d validation errors detected: %s", len(c), strings.Join(c, "; "))
}

func (c *constraints) present(ok bool, member string) {
	c.check(ok, "null", member, "Member must not be null")
}

// name checks a table or index name; nil is a name that was not sent.
// Tables of item operations may be named by an ARN, and the model asks for least characters then.
func (c *constraints) name(name *string, member string, least int) {
	if name == nil {
		return
	}
	n := nameOfTable(*name)
	legal := strings.IndexFunc(n, func(r rune) bool {
		return (r >= 0x80 || !isLetter(byte(r)) && !isDigit(byte(r))) && r != '_' && r != '-' && r != '.'
	}) < 0
	if legal && len(n) >= least && len(n) <= 255 {
		return
	}
	c.check(legal && (n != "" || least == 1), quote(*name), member, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
	c.check(len(n) >= least, quote(*name), member, "Member must have length greater than or equal to "+itoa(least))
	c.check(len(n) <= 255, quote(*name), member, "Member must have length less than or equal to 255")
}

// checkMembers checks the members of a single-item request against the API model.
func (r *request) checkMembers(verb string) *core.Error {
	var c constraints
	c.present(r.table != nil, "tableName")
	c.name(r.table, "tableName", 1)
	if verb == "Put" {
		c.present(r.hasItem, "item")
	} else {
		c.present(r.hasKey, "key")
	}
	if verb == "ConditionCheck" {
		c.present(r.condition != nil, "conditionExpression")
	}
	c.one(r.capacity, "returnConsumedCapacity", "INDEXES", "TOTAL", "NONE")
	c.one(r.metrics, "returnItemCollectionMetrics", "SIZE", "NONE")
	c.one(r.returns, "returnValues", "ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")
	c.one(r.returnsFailed, "returnValuesOnConditionCheckFailure", "ALL_OLD", "NONE")
	if err := c.err(); err != nil {
		return err
	}
	if verb != "Update" && r.returns != "" && r.returns != "ALL_OLD" && r.returns != "NONE" {
		return invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	return nil
}

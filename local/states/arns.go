package states

import (
	"strings"
	"unicode"

	"twofold/local/core"
)

// parsedARN is an ARN of this service: arn:aws:states:REGION:ACCOUNT:TYPE:NAME[:MORE].
type parsedARN struct {
	text, region, typ, name, more string
}

// parseARN reads an ARN whose type must be among types.
func parseARN(text string, types ...string) (parsedARN, error) {
	if !strings.HasPrefix(text, "arn:") {
		return parsedARN{}, core.Errorf("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", text)
	}
	parts := strings.SplitN(text, ":", 8)
	if len(parts) < 7 || parts[2] != "states" || parts[6] == "" {
		return parsedARN{}, core.Errorf("InvalidArn", "Invalid Arn: 'Invalid ARN: %s'", text)
	}
	a := parsedARN{text: text, region: parts[3], typ: parts[5], name: parts[6]}
	if len(parts) > 7 {
		a.more = parts[7]
	}
	for _, t := range types {
		if a.typ == t {
			return a, nil
		}
	}
	return parsedARN{}, core.Errorf("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", a.typ)
}

// machine is the ARN without version or alias.
func (a parsedARN) machine() string { return strings.TrimSuffix(a.text, ":"+a.more) }

// maxName is how long the name of a machine, alias or execution may be.
const maxName = 80

// checkName is InvalidName for a name that AWS does not take.
func checkName(name string) error {
	bad := strings.ContainsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r)
	})
	if bad {
		return core.Errorf("InvalidName", "Invalid Name: '%s'", name)
	}
	return nil
}

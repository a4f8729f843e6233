package inventory

import (
	"regexp"
	"slices"

	"twofold/internal/platform"
)

// precondition is what If-Match asks of a product before it is changed (RFC 9110, section 13.1.1). The zero value asks nothing.
type precondition struct {
	exists bool     // "*": there is a version
	tags   []string // the version is one of these
}

const entityTag = `(?:W/)?"[\x21\x23-\x7e]*"`

var (
	tagPattern     = regexp.MustCompile(entityTag)
	ifMatchPattern = regexp.MustCompile(`^\s*` + entityTag + `(?:\s*,\s*` + entityTag + `)*\s*$`)
)

// preconditionOf reads a request's If-Match; false if it is malformed.
func preconditionOf(r platform.Request) (precondition, bool) {
	switch header := r.HeaderValue("If-Match"); {
	case header == "":
		return precondition{}, true
	case header == "*":
		return precondition{exists: true}, true
	default:
		return precondition{tags: tagPattern.FindAllString(header, -1)}, ifMatchPattern.MatchString(header)
	}
}

// check answers nil if the product is as the precondition wants it. It knows what this region has seen: of edits that two
// regions take before they see each other's, the one with the higher (version, region) counts in the end. A weak tag matches nothing.
func (c precondition) check(now Product, exists bool) error {
	switch {
	case !c.exists && c.tags == nil, exists && c.exists, exists && slices.Contains(c.tags, now.ETag()):
		return nil
	case !exists:
		return platform.Refuse(platform.PreconditionFailed, "the product does not exist: leave If-Match out to create it")
	default:
		return platform.Refuse(platform.PreconditionFailed, "the product has changed, its ETag is "+now.ETag()+": read it again and decide anew")
	}
}

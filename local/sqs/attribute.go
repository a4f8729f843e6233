package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"twofold/local/core"
)

// Attribute is a message attribute: DataType is String, Number or Binary, or one of these
// with a custom label ("Number.int").
type Attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

const maxAttributes = 10

func (a Attribute) binary() bool { return strings.HasPrefix(a.DataType, "Binary") }

func checkAttributes(all map[string]Attribute) error {
	if len(all) > maxAttributes {
		return invalid("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(all), maxAttributes)
	}
	for name, a := range all {
		kind, _, _ := strings.Cut(a.DataType, ".")
		switch {
		case name == "":
			return invalid("The name of a message attribute must not be empty.")
		case kind != "String" && kind != "Number" && kind != "Binary":
			return invalid("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
		case a.binary() && len(a.BinaryValue) == 0, !a.binary() && (a.StringValue == nil || *a.StringValue == ""):
			return invalid("The message attribute '%s' must contain a non-empty message attribute value for message attribute type '%s'.", name, a.DataType)
		}
	}
	return nil
}

func invalid(format string, args ...any) error {
	return core.Errorf("InvalidParameterValue", format, args...)
}

// checkBody refuses what XML 1.0 cannot carry, as SQS does.
func checkBody(body string) error {
	if body == "" {
		return core.Errorf("MissingParameter", "The request must contain the parameter MessageBody.")
	}
	if !utf8.ValidString(body) {
		return core.Errorf("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
	}
	for _, r := range body {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return core.Errorf("InvalidMessageContents", "Invalid binary character '#x%X' was found in the message body", r)
		}
	}
	return nil
}

func size(body string, attributes map[string]Attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.BinaryValue)
		if a.StringValue != nil {
			n += len(*a.StringValue)
		}
	}
	return n
}

func bodyMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 is the sum described under "Calculating the MD5 message digest for message
// attributes" in the developer guide; "" when there are none.
func attributesMD5(all map[string]Attribute) string {
	if len(all) == 0 {
		return ""
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	h := md5.New()
	for _, name := range names {
		a := all[name]
		field(h, name)
		field(h, a.DataType)
		if a.binary() {
			_, _ = h.Write([]byte{2}) // a hash never fails
			field(h, string(a.BinaryValue))
		} else {
			_, _ = h.Write([]byte{1})
			field(h, *a.StringValue)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func field(h hash.Hash, s string) {
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(s)))
	_, _ = h.Write(length[:]) // a hash never fails
	_, _ = io.WriteString(h, s)
}

// selected are the attributes that a receive asks for: names, prefixes ("a.*"), "All" or ".*".
func selected(all map[string]Attribute, wanted []string) map[string]Attribute {
	if len(all) == 0 || len(wanted) == 0 {
		return nil
	}
	out := map[string]Attribute{}
	for name, a := range all {
		for _, w := range wanted {
			prefix, isPrefix := strings.CutSuffix(w, ".*")
			if w == "All" || w == name || isPrefix && strings.HasPrefix(name, prefix) {
				out[name] = a
			}
		}
	}
	return out
}

package states

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"math"
	"strings"
	"unicode/utf8"

	"twofold/local/core"
)

// maxText is how many characters the encoding and hash functions take.
const maxText = 10000

func textArg(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", saysf("The argument must be a string but was: %s", encode(v))
	}
	if len(s) > maxText && utf8.RuneCountInString(s) > maxText {
		return "", saysf("The argument is longer than %d characters", maxText)
	}
	return s, nil
}

func base64Encode(_ *env, args []any) (any, error) {
	s, err := textArg(args[0])
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}

func base64Decode(_ *env, args []any) (any, error) {
	s, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, saysf("The argument is not valid Base64: %v", err)
	}
	return string(out), nil
}

func hashOf(_ *env, args []any) (any, error) {
	data, ok := args[0].(string)
	if !ok {
		data = encode(args[0])
	}
	if _, err := textArg(data); err != nil {
		return nil, err
	}
	algorithm, err := textArg(args[1])
	if err != nil {
		return nil, err
	}
	var h hash.Hash
	switch algorithm {
	case "MD5":
		h = md5.New()
	case "SHA-1":
		h = sha1.New()
	case "SHA-256":
		h = sha256.New()
	case "SHA-384":
		h = sha512.New384()
	case "SHA-512":
		h = sha512.New()
	default:
		return nil, saysf("The hash algorithm %s is not supported", algorithm)
	}
	_, _ = h.Write([]byte(data)) // a hash never fails
	return hex.EncodeToString(h.Sum(nil)), nil
}

// jsonMerge is the shallow merge: of members in both, the second's stands.
func jsonMerge(_ *env, args []any) (any, error) {
	a, okA := args[0].(*object)
	b, okB := args[1].(*object)
	if !okA || !okB {
		return nil, saysf("The first two arguments must be objects")
	}
	if deep, ok := args[2].(bool); !ok || deep {
		return nil, saysf("Step Functions currently supports only the shallow merging mode: the third argument must be false")
	}
	out := &object{}
	for _, o := range []*object{a, b} {
		for i, k := range o.keys {
			out.set(k, o.vals[i])
		}
	}
	return out, nil
}

func stringToJSON(_ *env, args []any) (any, error) {
	s, ok := args[0].(string)
	if !ok {
		return nil, saysf("The argument must be a string but was: %s", encode(args[0]))
	}
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	v, err := parse(s)
	if err != nil {
		return nil, saysf("The string is not valid JSON: %v", err)
	}
	return v, nil
}

func mathAdd(_ *env, args []any) (any, error) {
	a, err := wholeArg(args[0])
	if err != nil {
		return nil, err
	}
	b, err := wholeArg(args[1])
	if err != nil {
		return nil, err
	}
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
		return nil, saysf("The sum of %d and %d is out of range", a, b)
	}
	return number(a + b), nil
}

// mathRandom is a number from the first argument up to, but not including, the second; the
// third seeds it.
func mathRandom(e *env, args []any) (any, error) {
	from, err := wholeArg(args[0])
	if err != nil {
		return nil, err
	}
	to, err := wholeArg(args[1])
	if err != nil {
		return nil, err
	}
	if to <= from || to-from > math.MaxInt32 {
		return nil, saysf("The end %d must be greater than the start %d", to, from)
	}
	r := e.rand
	if len(args) == 3 {
		seed, err := wholeArg(args[2])
		if err != nil {
			return nil, err
		}
		r = core.NewRand(uint64(seed))
	}
	return number(from + int64(r.IntN(int(to-from)))), nil
}

// stringSplit cuts at every character of the second argument and leaves out empty parts.
func stringSplit(_ *env, args []any) (any, error) {
	s, okS := args[0].(string)
	cuts, okC := args[1].(string)
	if !okS || !okC {
		return nil, saysf("The arguments must be strings")
	}
	out := []any{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(cuts, r) }) {
		out = append(out, part)
	}
	return out, nil
}

// format fills each {} of the template with the next argument.
func format(_ *env, args []any) (any, error) {
	template, ok := args[0].(string)
	if !ok {
		return nil, saysf("The first argument must be a string but was: %s", encode(args[0]))
	}
	var b strings.Builder
	next := 1
	for i := 0; i < len(template); i++ {
		switch c := template[i]; {
		case c == '\\' && i+1 < len(template) && strings.IndexByte(`'{}\`, template[i+1]) >= 0:
			i++
			b.WriteByte(template[i])
		case c == '{' && i+1 < len(template) && template[i+1] == '}':
			if next >= len(args) {
				return nil, saysf("There are more {} than arguments")
			}
			b.WriteString(display(args[next]))
			next++
			i++
		case c == '{' || c == '}':
			return nil, saysf("A brace that is not {} must be escaped")
		default:
			b.WriteByte(c)
		}
	}
	if next != len(args) {
		return nil, saysf("There are fewer {} than arguments")
	}
	return b.String(), nil
}

// display is how Format shows a value: strings bare, objects and arrays as Java's collections.
func display(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return string(x)
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = display(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *object:
		parts := make([]string, len(x.keys))
		for i, k := range x.keys {
			parts[i] = k + "=" + display(x.vals[i])
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return encode(v)
}

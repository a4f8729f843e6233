package pattern_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"twofold/local/pattern"
)

var refused = []struct {
	text, reason, pointer string
	line, column          int
}{
	{`{"int": 42}`, `"int" must be an object or an array`, "/int", 1, 11},
	{`{"string": "my-value"}`, `"string" must be an object or an array`, "/string", 1, 13},
	{`{"resources": []}`, "Empty arrays are not allowed", "/resources", 1, 17},
	{`{"my_key": [{"EXISTS": true}]}`, "Unrecognized match type EXISTS", "/my_key/0/EXISTS", 1, 28},
	{`{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}`, "Unrecognized match type NUMERIC", "/detail/equal/0/NUMERIC", 1, 36},
	{`{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}`, "Bad numeric range operator: >", "/detail/c-count/0/numeric", 1, 49},
	{`{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}`, "Value of < must be numeric", "/detail/c-count/0/numeric", 1, 50},
	{`{"detail": {"c-count": [{"numeric": 10}]}}`, "Value of numeric must be an array.", "/detail/c-count/0/numeric", 1, 39},
	{`{"a":[{"numeric":[">",5,"<",5]}]}`, "Bottom must be less than top", "/a/0/numeric", 1, 31},
	{`{"a":[{"numeric":["!",5]}]}`, "Unrecognized numeric range operator: !", "/a/0/numeric", 1, 22},
	{`{"a":[{"numeric":[]}]}`, "Invalid member in numeric match: ]", "/a/0/numeric", 1, 20},
	{`{"a":[{"numeric":["<",5,">",1]}]}`, "Too many elements in numeric expression", "/a/0/numeric", 1, 26},
	{`{"time": [{"prefix": 123}]}`, "prefix match pattern must be a string", "/time/0/prefix", 1, 25},
	{`{"time": [{"prefix": ["2022-07-13"]}]}`, "prefix match pattern must be a string", "/time/0/prefix", 1, 23},
	{`{"FileName": [{"suffix": 123}]}`, "suffix match pattern must be a string", "/FileName/0/suffix", 1, 29},
	{`{"a":[{"prefix":{"suffix":"x"}}]}`, "Unsupported prefix pattern: suffix", "/a/0/prefix", 1, 28},
	{`{"EventBusArn": [{"wildcard": 123}]}`, "wildcard match pattern must be a string", "/EventBusArn/0/wildcard", 1, 34},
	{`{"a": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}`, "Consecutive wildcard characters at pos 26", "/a/0/wildcard", 1, 62},
	{`{"a":[{"wildcard":"*:*:*:*:*:event-bus/*"}]}`, "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character", "/a/0/wildcard", 0, 0},
	{`{"a":[{"wildcard":"a\\b"}]}`, "Invalid escape character at pos 2", "/a/0/wildcard", 1, 25},
	{`{"detail": {"FileName": [{"anything-but": {"prefix": ""}}]}}`, "Null prefix/suffix not allowed", "/detail/FileName/0/anything-but/prefix", 1, 56},
	{`{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}`, "prefix/suffix match pattern must be a string", "/detail/state/0/anything-but/prefix", 1, 54},
	{`{"detail": {"FilePath": [{"anything-but": {"wildcard": 123}}]}}`, "wildcard match pattern must be a string", "/detail/FilePath/0/anything-but/wildcard", 1, 59},
	{`{"a":[{"anything-but":null}]}`, "Value of anything-but must be an array or single string/number value.", "/a/0/anything-but", 1, 27},
	{`{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]}`, "Value of anything-but must be an array or single string/number value.", "/a/0/anything-but/prefix", 1, 34},
	{`{"a":[{"anything-but":["x",null]}]}`, "Inside anything but list, start|null|boolean is not supported.", "/a/0/anything-but", 1, 32},
	{`{"a":[{"anything-but":["x",1]}]}`, "Inside anything but list, either all values are number or string, mixed type is not supported", "/a/0/anything-but", 1, 30},
	{`{"a":[{"anything-but":{"equals-ignore-case":[1]}}]}`, "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.", "/a/0/anything-but/equals-ignore-case", 1, 47},
	{`{"a":[{"equals-ignore-case":["x"]}]}`, "equals-ignore-case match pattern must be a string", "/a/0/equals-ignore-case", 1, 30},
	{`{"a":[{"exists":"yes"}]}`, "exists match pattern must be either true or false.", "/a/0/exists", 1, 18},
	{`{"a":[{"prefix":"x","suffix":"y"}]}`, "Only one key allowed in match expression", "/a/0/prefix", 1, 31},
	{`{"a":[{}]}`, "Match expression name not found", "/a/0", 1, 9},
	{`{"a":[["x"]]}`, "Match value must be String, number, true, false, or null", "/a/0", 1, 8},
	{`{"a":[{"cidr":"bad-filter"}]}`, "Malformed CIDR, one '/' required", "/a/0/cidr", 0, 0},
	{`{"a":[{"cidr":"bad-/64filter"}]}`, "Malformed CIDR, mask bits must be an integer", "/a/0/cidr", 0, 0},
	{`{"a":[{"cidr":"xx.11.xx/8"}]}`, "Nonstandard IP address: xx.11.xx", "/a/0/cidr", 0, 0},
	{`{"a":[{"cidr":"10.0.0.0/32"}]}`, "IPv4 mask bits must be < 32", "/a/0/cidr", 0, 0},
	{`{"a":[{"cidr":["x"]}]}`, "prefix match pattern must be a string", "/a/0/cidr", 1, 16},
	{`{}`, "Empty objects are not allowed", "", 1, 3},
	{`{"detail":{}}`, "Empty objects are not allowed", "/detail", 1, 13},
	{`["not", "a", "dict"]`, "Filter is not an object", "", 1, 2},
	{`{"$or":[{"a":[1]}]}`, "There must have at least 2 Objects in $or relationship.", "/$or", 1, 19},
	{`{"$or":{"a":[1]}}`, "It must be an Array followed with $or.", "/$or", 1, 9},
	{`{"$or":[{"a":[1]},2]}`, "Only JSON object is allowed in array of $or relationship.", "/$or", 1, 20},
	{`{"$or":[{"prefix":["x"]},{"a":[1]}]}`, "prefix is Ruler reserved fieldName which cannot be used inside $or.", "/$or/0/prefix", 1, 20},
	{`this is valid json but not a dict`, "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", "", 1, 5},
	{`{'bad': 'quotation'}`, "Unexpected character (''' (code 39)): was expecting double-quote to start field name", "", 1, 2},
	{`{"not": closed mark"`, "Unrecognized token 'closed': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", "", 1, 15},
	{"{\n  \"a/b~\": 1}", `"a/b~" must be an object or an array`, "/a~1b~0", 2, 12},
	{`{"a":["x"]`, "Unexpected end-of-input: was expecting comma to separate Object entries", "", 1, 11},
}

func TestCompileRefusesInEventBridgesWords(t *testing.T) {
	for _, c := range refused {
		t.Run(c.text, func(t *testing.T) {
			_, err := pattern.Compile([]byte(c.text))
			var e *pattern.Error
			if !errors.As(err, &e) {
				t.Fatalf("Compile gives %v, want %s", err, c.reason)
			}
			if e.Reason != c.reason || e.Pointer != c.pointer || e.Line != c.line || e.Column != c.column {
				t.Errorf("got  %q at %s, %d:%d\nwant %q at %s, %d:%d", e.Reason, e.Pointer, e.Line, e.Column, c.reason, c.pointer, c.line, c.column)
			}
		})
	}
}

func TestErrorIsTheServicesMessage(t *testing.T) {
	_, err := pattern.Compile([]byte(`{"int": 42}`))
	want := "Event pattern is not valid. Reason: \"int\" must be an object or an array\n at [Source: (String)\"{\"int\": 42}\"; line: 1, column: 11]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestOrLimitsAlternatives(t *testing.T) {
	or := `{"$or":[{"a":[1]},{"b":[1]},{"c":[1]},{"d":[1]},{"e":[1]},{"f":[1]},{"g":[1]},{"h":[1]},{"i":[1]},{"j":[1]}]`
	text := `{"p":` + or + `},"q":` + or + `},"r":` + or + `},"s":` + or + `}}`
	if _, err := pattern.Compile([]byte(text)); err == nil {
		t.Error("10,000 alternatives were accepted")
	}
}

// genTest draws one test of a field; genEvent draws values that it may meet.
func genTest() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{`"a"`, `"b"`, `1`, `2`, `null`, `true`, `{"prefix":"a"}`, `{"suffix":"b"}`,
		`{"anything-but":"a"}`, `{"anything-but":[1,2]}`, `{"exists":true}`, `{"exists":false}`, `{"numeric":[">",1]}`,
		`{"wildcard":"a*b"}`, `{"equals-ignore-case":"A"}`})
}

func genCondition() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
		first, second := genTest().Draw(t, "first"), genTest().Draw(t, "second")
		inner := `{"` + name + `":[` + first + `,` + second + `]}`
		if rapid.Bool().Draw(t, "nested") {
			return `{"o":` + inner + `}`
		}
		return inner
	})
}

func genValue(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		scalar := rapid.SampledFrom([]string{`"a"`, `"ab"`, `"b"`, `"A"`, `1`, `2.0`, `null`, `true`, `""`, `[]`, `["a",1]`}).Draw(t, "scalar")
		if depth == 0 || rapid.Bool().Draw(t, "leaf") {
			return scalar
		}
		x, y := genValue(depth-1).Draw(t, "x"), genValue(depth-1).Draw(t, "y")
		object := `{"x":` + x + `,"y":` + y + `}`
		if rapid.Bool().Draw(t, "array") {
			return `[` + object + `,{"x":` + y + `}]`
		}
		return object
	})
}

func TestMatchOfAUnionIsTheOrOfItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genCondition().Draw(t, "a"), genCondition().Draw(t, "b")
		event := []byte(`{"x":` + genValue(1).Draw(t, "x") + `,"o":` + genValue(2).Draw(t, "o") + `}`)
		match := func(text string) bool {
			p, err := pattern.Compile([]byte(text))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			ok, err := p.MatchJSON(event)
			if err != nil {
				t.Fatalf("%s: %v", event, err)
			}
			return ok
		}
		if got, want := match(`{"$or":[`+a+`,`+b+`]}`), match(a) || match(b); got != want {
			t.Fatalf("or of %s and %s on %s is %v", a, b, event, got)
		}
	})
}

func TestExistsIsNeverBothTrueAndFalse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := []byte(`{"o":` + genValue(2).Draw(t, "o") + `}`)
		var got [2]bool
		for i, text := range []string{`{"o":{"x":[{"exists":true}]}}`, `{"o":{"x":[{"exists":false}]}}`} {
			p, err := pattern.Compile([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if got[i], err = p.MatchJSON(event); err != nil {
				t.Fatal(err)
			}
		}
		if got[0] == got[1] {
			t.Fatalf("exists true and false both give %v on %s", got[0], event)
		}
	})
}

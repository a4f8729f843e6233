package dynamodb

import (
	"math/big"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestNumbersAreCanonicalAndLimited(t *testing.T) {
	for _, c := range [][3]string{
		{"0", "0", ""}, {"-0", "0", ""}, {"00012.500", "12.5", ""}, {"1e3", "1000", ""}, {"+1", "1", ""}, {".5", "0.5", ""}, {"1.", "1", ""}, {"-1.50E-3", "-0.0015", ""},
		{"", "", problemNotNumber}, {"abc", "", problemNotNumber + ": abc"}, {" 1", "", problemNotNumber + ":  1"}, {"0x1", "", problemNotNumber + ": 0x1"},
		{"1e126", "", problemOverflow}, {"1e-131", "", problemUnderflow}, {"111111111111111111111111111111111111111", "", problemPrecision},
		{"99999999999999999999999999999999999999", "99999999999999999999999999999999999999", ""},
	} {
		if text, problem := canonicalNumber(c[0]); text != c[1] || problem != c[2] {
			t.Errorf("canonicalNumber(%q) = %q, %q; want %q, %q", c[0], text, problem, c[1], c[2])
		}
	}
}

func numberText(t *rapid.T, label string) string {
	n := rapid.Int64Range(-1e12, 1e12).Draw(t, label)
	text, problem := canonicalNumber(strconv.FormatInt(n, 10) + "e" + strconv.Itoa(rapid.IntRange(-12, 8).Draw(t, label+"e")))
	if problem != "" {
		t.Fatal(problem)
	}
	return text
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func TestArithmeticAndOrderOfNumbersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numberText(t, "a"), numberText(t, "b")
		x, y := rat(t, a), rat(t, b)
		if got := compareNumbers(a, b); sign(got) != x.Cmp(y) {
			t.Fatalf("compare(%s, %s) = %d", a, b, got)
		}
		if sa, sb := sortableNumber(a), sortableNumber(b); (sa < sb) != (x.Cmp(y) < 0) || (sa == sb) != (a == b) {
			t.Fatalf("sort keys of %s and %s are in the wrong order", a, b)
		}
		for _, subtract := range []bool{false, true} {
			want := new(big.Rat).Add(x, y)
			if subtract {
				want.Sub(x, y)
			}
			got, problem := addNumbers(a, b, subtract)
			if problem != "" || rat(t, got).Cmp(want) != 0 {
				t.Fatalf("%s, %s, %v = %s %s", a, b, subtract, got, problem)
			}
		}
	})
}

func sign(n int) int { return min(1, max(-1, n)) }

func TestAttributeValuesAreChecked(t *testing.T) {
	w := tableWorld(t)
	for _, c := range [][2]string{
		{`{}`, problemEmpty}, {`{"X":"1"}`, problemEmpty}, {`{"S":"a","N":"1"}`, problemMany}, {`{"NULL":false}`, problemNull},
		{`{"SS":[]}`, "One or more parameter values were invalid: An string set  may not be empty"},
		{`{"SS":["a","a"]}`, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."},
		{`{"NS":["1","1.0"]}`, "Input collection contains duplicates"},
		{`{"BS":[]}`, "One or more parameter values were invalid: Binary sets should not be empty"},
		{`{"M":{"a":{"N":"x"}}}`, problemNotNumber + ": x"}, {`{"L":[{}]}`, problemEmpty},
	} {
		w.wantError("PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"v":`+c[0]+`}}`, "ValidationException", c[1])
	}
	for _, c := range [][2]string{
		{`{"TableName":1}`, "NUMBER_VALUE cannot be converted to String"}, {`{"TableName":[]}`, "Unrecognized collection type class java.lang.String"},
		{`{"TableName":{}}`, "Start of structure or map found where not expected"}, {`{"Item":"x"}`, "Unexpected field type"},
		{`{"Item":{"a":{"B":"a"}}}`, "Base64 encoded length is expected a multiple of 4 bytes but found: 1"},
		{`{"Item":{"a":{"B":1}}}`, "only base-64-encoded strings are convertible to bytes"}, {`{"TableName":`, "Unexpected end of input"},
	} {
		if _, err := w.try(east, "PutItem", c[0]); err == nil || err.Code != "SerializationException" || (c[1] != "Unexpected end of input" && err.Message != c[1]) {
			t.Errorf("%s: %v, want %s", c[0], err, c[1])
		}
	}
}

func TestEveryTypeComesBackAsItWasPut(t *testing.T) {
	w := tableWorld(t)
	item := `{"pk":{"S":"a"},"sk":{"S":"b"},"b":{"B":"AAEC"},"bs":{"BS":["AA==","AQ=="]},"e":{"S":"\u0001\"\\é😀\n"},"l":{"L":[{"M":{}},{"L":[]}]},"n":{"N":"-1.5"},"ns":{"NS":["-1","2","10"]},"nn":{"NULL":true},"f":{"BOOL":false}}`
	w.do(east, "PutItem", `{"TableName":"tbl","Item":`+item+`}`)
	w.want(east, "GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}}`, `{"Item":`+item+`}`)
}

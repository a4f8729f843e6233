package states

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"twofold/local/core"
)

func evalText(t interface{ Fatal(...any) }, text, input string) (any, error) {
	x, err := compileExpr(text)
	if err != nil {
		return nil, err
	}
	v, err := parse(input)
	if err != nil {
		t.Fatal(err)
	}
	return x.eval(&env{input: v, context: func() *object { return obj("Execution", obj("Name", "x")) }, vars: &scope{vars: map[string]any{"v": number(7)}}, rand: core.NewRand(1)})
}

// The examples of https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html, and the edges around them.
func TestIntrinsicFunctionsGiveWhatIsDocumented(t *testing.T) {
	for _, c := range []struct{ text, input, want string }{
		{`States.Array($.Id)`, `{"Id":123456}`, `[123456]`},
		{`States.Array()`, `{}`, `[]`},
		{`States.Array('a', 1.5, true, null, $.a, $v)`, `{"a":{}}`, `["a",1.5,true,null,{},7]`},
		{`States.ArrayPartition($.inputArray,4)`, `{"inputArray":[1,2,3,4,5,6,7,8,9]}`, `[[1,2,3,4],[5,6,7,8],[9]]`},
		{`States.ArrayPartition($.a,2)`, `{"a":[]}`, `[]`},
		{`States.ArrayPartition($.a,9)`, `{"a":[0,1]}`, `[[0,1]]`},
		{`States.ArrayContains($.inputArray, $.lookingFor)`, `{"inputArray":[1,2,3,4,5,6,7,8,9],"lookingFor":5}`, `true`},
		{`States.ArrayContains($.a, $.b)`, `{"a":[{"1":2,"2":[]}],"b":{"2":[],"1":2}}`, `true`},
		{`States.ArrayContains($.a, null)`, `{"a":[]}`, `false`},
		{`States.ArrayRange(1, 9, 2)`, `{}`, `[1,3,5,7,9]`},
		{`States.ArrayRange(0, 10, 3)`, `{}`, `[0,3,6,9]`},
		{`States.ArrayRange(5, 1, -2)`, `{}`, `[5,3,1]`},
		{`States.ArrayGetItem($.inputArray, $.index)`, `{"inputArray":[1,2,3,4,5,6,7,8,9],"index":5}`, `6`},
		{`States.ArrayLength($.inputArray)`, `{"inputArray":[1,2,3,4,5,6,7,8,9]}`, `9`},
		{`States.ArrayUnique($.inputArray)`, `{"inputArray":[1,2,3,3,3,3,3,3,4]}`, `[1,2,3,4]`},
		{`States.ArrayUnique($.a)`, `{"a":[null,null,true,true,1,1,1.1,"x","x",[],[],[null],{"a":1,"b":2},{"b":2,"a":1},{"a":1,"b":1}]}`, `[null,true,1,1.1,"x",[],[null],{"a":1,"b":2},{"a":1,"b":1}]`},
		{`States.Base64Encode($.input)`, `{"input":"Data to encode"}`, `"RGF0YSB0byBlbmNvZGU="`},
		{`States.Base64Decode($.base64)`, `{"base64":"RGF0YSB0byBkZWNvZGU="}`, `"Data to decode"`},
		{`States.Hash($.Data, $.Algorithm)`, `{"Data":"input data","Algorithm":"SHA-1"}`, `"aaff4a450a104cd177d28d18d74485e8cae074b7"`},
		{`States.Hash($.Data, 'MD5')`, `{"Data":"input data"}`, `"812f45842bc6d66ee14572ce20db8e86"`},
		{`States.Hash($.Data, 'SHA-256')`, `{"Data":"input data"}`, `"b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3"`},
		{`States.Hash($.Data, 'SHA-384')`, `{"Data":"input data"}`, `"d28a7d5cf25a74f11a50a18452b75e04bb3d70c9dd0510d6123aa008c756511b87525bdc835ebb27e1fb9e9374a15562"`},
		{`States.Hash($.Data, 'SHA-512')`, `{"Data":"input data"}`, `"6ce4adb348546d4f449c4d25aad9a7c9cb711d9e91982d3f0b29ca2f3f47d4ce2deba23bf2954f0f1d593fc50283731a533d30d425402d4f91316d871303aac4"`},
		{`States.JsonMerge($.json1, $.json2, false)`, `{"json1":{"a":{"a1":1,"a2":2},"b":2},"json2":{"a":{"a3":1,"a4":2},"c":3}}`, `{"a":{"a3":1,"a4":2},"b":2,"c":3}`},
		{`States.StringToJson($.escapedJsonString)`, `{"escapedJsonString":"{\"foo\": \"bar\"}"}`, `{"foo":"bar"}`},
		{`States.StringToJson($.s)`, `{"s":" "}`, `null`},
		{`States.StringToJson('{"a":[1]}')`, `{}`, `{"a":[1]}`},
		{`States.StringToJson('\{"a":[1]\}')`, `{}`, `{"a":[1]}`},
		{`States.JsonToString($.unescapedJson)`, `{"unescapedJson":{"foo":"bar","a":1.50}}`, `"{\"foo\":\"bar\",\"a\":1.50}"`},
		{`States.MathRandom($.start, $.end)`, `{"start":5,"end":6}`, `5`},
		{`States.MathAdd($.value1, $.step)`, `{"value1":111,"step":-1}`, `110`},
		{`States.MathAdd($.a, $.b)`, `{"a":1.5,"b":1.51}`, `4`},
		{`States.MathAdd($.a, $.b)`, `{"a":-1.5,"b":-1.51}`, `-3`},
		{`States.MathAdd($.a, 0)`, `{"a":-0.5}`, `0`},
		{`States.StringSplit($.inputString, $.splitter)`, `{"inputString":"1,2,3,4,5","splitter":","}`, `["1","2","3","4","5"]`},
		{`States.StringSplit($.inputString, $.splitter)`, `{"inputString":"This.is+a,test=string","splitter":".+,="}`, `["This","is","a","test","string"]`},
		{`States.StringSplit(', , ,', ',')`, `{}`, `[" "," "]`},
		{`States.StringSplit(',,,,', ',')`, `{}`, `[]`},
		{`States.Format('Hello, my name is {}.', $.name)`, `{"name":"Arnav"}`, `"Hello, my name is Arnav."`},
		{`States.Format($.template, $.name)`, `{"template":"Hello, my name is {}.","name":"Arnav"}`, `"Hello, my name is Arnav."`},
		{`States.Format('{} {} {} {} {}', 1.10, true, null, $.o, $$.Execution.Name)`, `{"o":{"Arg1":1,"Arg2":["x"]}}`, `"1.10 true null {Arg1=1, Arg2=[x]} x"`},
		{`States.Format('It\'s \{\} and \\ {}', 'a{}b')`, `{}`, `"It's {} and \\ a{}b"`},
		{`States.Format('{}-{}', $['a,b'], $.l[?(@.x == ')')].y)`, `{"a,b":1,"l":[{"x":")","y":2}]}`, `"1-[2]"`},
		{`States.Format('{}.{}.{}', States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.ImageRecipe.Arn, '/'), 2), '.'), 0), States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.ImageRecipe.Arn, '/'), 2), '.'), 1), 'x')`,
			`{"ImageRecipe":{"Arn":"arn:recipe/basic/2.13.0"}}`, `"2.13.x"`},
	} {
		got, err := evalText(t, c.text, c.input)
		if err != nil || encode(got) != c.want {
			t.Errorf("%s: %s %v, want %s", c.text, encode(got), err, c.want)
		}
	}
}

func TestIntrinsicFunctionsFailWhereTheyMust(t *testing.T) {
	for text, why := range map[string]string{
		`States.ArrayPartition($.a, 0)`:     "chunk size",
		`States.ArrayRange(1, 2, 0)`:        "step must not be 0",
		`States.ArrayRange(1, 100000, 1)`:   "more than 1000",
		`States.ArrayGetItem($.a, -1)`:      "out of bounds",
		`States.ArrayLength('x')`:           "must be an array",
		`States.Base64Decode('*')`:          "not valid Base64",
		`States.Base64Encode($.long)`:       "longer than 10000",
		`States.Hash('x', 'SHA-3')`:         "not supported",
		`States.JsonMerge($.o, $.o, true)`:  "shallow",
		`States.JsonMerge($.a, $.o, false)`: "must be objects",
		`States.StringToJson('x')`:          "not valid JSON",
		`States.MathRandom(2, 2)`:           "greater than the start",
		`States.MathAdd('1', 2)`:            "must be a number",
		`States.Format('{} {}', 1)`:         "more {}",
		`States.Format('{}', 1, 2)`:         "fewer {}",
		`States.Format('{', 1)`:             "brace",
	} {
		_, err := evalText(t, text, `{"a":[1],"o":{},"long":"`+strings.Repeat("x", 10001)+`"}`)
		w, ok := err.(*wrong)
		if !ok || w.name != errIntrinsic || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// The wording is what AWS gives, where the whole expression is named and the input, also for the context object.
func TestAnArgumentThatIsMissingIsARuntimeFailure(t *testing.T) {
	const missing = "The JsonPath argument for the field '%s' could not be found in the input '{\"a\":[1]}'"
	for text, why := range map[string]string{
		`States.Array($.none)`:                           fmt.Sprintf(missing, "$.none"),
		`States.Array($.a[5])`:                           fmt.Sprintf(missing, "$.a[5]"),
		`States.Array(States.ArrayLength($.a.b))`:        fmt.Sprintf(missing, "$.a.b"),
		`States.Array(States.ArrayLength($$.None.Deep))`: fmt.Sprintf(missing, "$.None.Deep"),
		`States.Array($.a[0][0])`:                        "Filter: [0] can only be applied to arrays. Current context is: 1",
		`States.Array(States.ArrayLength($none))`:        "The variable 'none' referenced by '$none' does not exist.",
	} {
		_, err := evalText(t, text, `{"a":[1]}`)
		w, ok := err.(*wrong)
		if want := "The function '" + text + "' had the following error: " + why; !ok || w.name != errRuntime || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestWrongCallsAreRefused(t *testing.T) {
	deep := strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11)
	for _, text := range []string{`States.None()`, `States.Array(`, `States.Array('x`, `States.Array(1 2)`, `States.Array("x")`, `States.UUID(1)`, `States.Hash('x')`,
		`States.Array('\x')`, `States.Array($.a`, `States.Array()x`, `Array()`, `plain`, ``, `States.Array([1])`, deep, `States.Array($.[)`} {
		if x, err := compileExpr(text); err == nil {
			t.Errorf("%s is taken as %v", text, x)
		}
	}
}

func TestRandomFunctionsStayInTheirRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, from, n := rapid.Int64Range(-1e9, 1e9).Draw(t, "seed"), rapid.Int64Range(-1e6, 1e6).Draw(t, "from"), rapid.Int64Range(1, 1e6).Draw(t, "n")
		input := encode(obj("s", number(seed), "a", number(from), "b", number(from+n)))
		v, err := evalText(t, `States.MathRandom($.a, $.b, $.s)`, input)
		i, ok := integer(v)
		if err != nil || !ok || i < from || i >= from+n {
			t.Fatalf("%v %v", v, err)
		}
		if again, _ := evalText(t, `States.MathRandom($.a, $.b, $.s)`, input); again != v {
			t.Fatalf("%v then %v from one seed", v, again)
		}
	})
	id, err := evalText(t, `States.UUID()`, `{}`)
	if s, _ := id.(string); err != nil || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(s) {
		t.Error(id, err)
	}
}

package states

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const store = `{"store":{"book":[
	{"category":"reference","author":"Nigel Rees","title":"Sayings of the Century","price":8.95},
	{"category":"fiction","author":"Evelyn Waugh","title":"Sword of Honour","price":12.99},
	{"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553-21311-3","price":8.99},
	{"category":"fiction","author":"J. R. R. Tolkien","title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],
	"bicycle":{"color":"red","price":19.95}},"expensive":10,"a b":{"c-d":1,"é":2,"it's":3},"cars":["x","y","z"]}`

func TestPathsFindWhatTheyName(t *testing.T) {
	doc, err := parse(store)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`$.expensive`:                                   `10`,
		`$['expensive']`:                                `10`,
		`$["expensive"]`:                                `10`,
		`$.store.bicycle.color`:                         `"red"`,
		`$.store.book[0].title`:                         `"Sayings of the Century"`,
		`$.store.book[-1].title`:                        `"The Lord of the Rings"`,
		`$['a b']['c-d']`:                               `1`,
		`$['a b'].c-d`:                                  `1`,
		`$['a b'].é`:                                    `2`,
		`$['a b']['it\'s']`:                             `3`,
		`$.store.book[*].price`:                         `[8.95,12.99,8.99,22.99]`,
		`$.store.book[0,2].price`:                       `[8.95,8.99]`,
		`$.store.book[1:3].price`:                       `[12.99,8.99]`,
		`$.store.book[:2].price`:                        `[8.95,12.99]`,
		`$.store.book[2:].price`:                        `[8.99,22.99]`,
		`$.store.book[-2:].price`:                       `[8.99,22.99]`,
		`$.store.book[5:9]`:                             `[]`,
		`$.store.bicycle.*`:                             `["red",19.95]`,
		`$.store.bicycle['color','price']`:              `["red",19.95]`,
		`$..price`:                                      `[8.95,12.99,8.99,22.99,19.95]`,
		`$..book[2].title`:                              `["Moby Dick"]`,
		`$.store.book.length()`:                         `4`,
		`$.store.book[?(@.isbn)].price`:                 `[8.99,22.99]`,
		`$.store.book[?(!@.isbn)].price`:                `[8.95,12.99]`,
		`$.store.book[?(@.price < 10)].price`:           `[8.95,8.99]`,
		`$.store.book[?(@.price <= $.expensive)].price`: `[8.95,8.99]`,
		`$.store.book[?(@.category == 'fiction' && @.price > 10)].price`:                          `[12.99,22.99]`,
		`$.store.book[?(@.price > 20 || @.category != 'fiction')].price`:                          `[8.95,22.99]`,
		`$.store.book[?((@.price > 20 || @.price < 8.96) && @['category'] == "reference")].price`: `[8.95]`,
		`$.store.book[?(@.author =~ /.*REES/i)].price`:                                            `[8.95]`,
		`$.store.book[?(@.category in ['reference','x'])].price`:                                  `[8.95]`,
		`$.store.book[?(@.category nin ['reference'])].price`:                                     `[12.99,8.99,22.99]`,
		`$.store.book[?(@.title size 9)].price`:                                                   `[8.99]`,
		`$.store.bicycle[?(@.color == 'red')].price`:                                              `[19.95]`,
		`$.none[*].x`:         `[]`,
		`$.cars[?(@ == 'y')]`: `["y"]`,
	} {
		p, err := compilePath(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := p.find(doc)
		if err != nil || encode(got) != want {
			t.Errorf("%s: %s %v, want %s", text, encode(got), err, want)
		}
	}
}

func TestPathsSayWhereNothingWasFound(t *testing.T) {
	doc, err := parse(store)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`$.no`:              `No results for path: $['no']`,
		`$.store.no.deeper`: `Missing property in path $['store']['no']`,
		`$.cars[3]`:         `Index out of bounds when evaluating path $['cars'][3]`,
		`$.store[0]`:        `Filter: [0] can only be applied to arrays.`,
		`$.expensive.x`:     `Expected to find an object with property ['x'] in path $['expensive'] but found 'number'.`,
	} {
		p, err := compilePath(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.find(doc); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWrongPathsAreRefused(t *testing.T) {
	for _, text := range []string{``, `a`, `$.`, `$..`, `$[`, `$[]`, `$['a`, `$['a'`, `$[1`, `$[:]`, `$[?]`, `$[?(@.a == )]`, `$[?(@.a`, `$.a b`, `$.a,b`, `$[?(@.a =~ x)]`, `$a-b`, `$.a()`} {
		if p, err := compilePath(text); err == nil {
			t.Errorf("%s: taken as %+v", text, p)
		}
	}
	for _, text := range []string{`$.a[*]`, `$..a`, `$.a[1:2]`, `$.a[?(@.b)]`, `$['a','b']`} {
		if _, err := compileReference(text); err == nil {
			t.Errorf("%s is taken as a reference path", text)
		}
	}
}

// jsonValue draws any JSON value.
func jsonValue(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kind := rapid.IntRange(0, 6).Draw(t, "kind")
		if depth == 0 {
			kind %= 4
		}
		switch kind {
		case 0:
			return nil
		case 1:
			return rapid.Bool().Draw(t, "bool")
		case 2:
			return number(rapid.Int64().Draw(t, "n"))
		case 3:
			return rapid.String().Draw(t, "s")
		case 4, 5:
			o := &object{}
			for range rapid.IntRange(0, 20).Draw(t, "members") {
				o.set(rapid.StringMatching(`[a-z '"\\é]{0,4}`).Draw(t, "k"), jsonValue(depth-1).Draw(t, "v"))
			}
			return o
		}
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			list = append(list, jsonValue(depth-1).Draw(t, "e"))
		}
		return list
	})
}

func TestAnyDocumentSurvivesEncodingAndParsing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := jsonValue(3).Draw(t, "v")
		text := encode(v)
		back, err := parse(text)
		if err != nil || encode(back) != text || !equal(v, back) {
			t.Fatalf("%s became %s (%v)", text, encode(back), err)
		}
		if size(v) != len(text) {
			t.Fatalf("size %d of %d bytes", size(v), len(text))
		}
	})
}

func TestWhatIsPutAtAPlaceIsFoundThereAndNothingElseChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := &object{}
		for range rapid.IntRange(0, 30).Draw(t, "members") {
			doc.set(rapid.StringMatching(`[a-d]{1,2}`).Draw(t, "k"), rapid.SampledFrom([]any{number(1), obj("x", nil), []any{}}).Draw(t, "v"))
		}
		before := encode(doc)
		p, err := compileReference(rapid.SampledFrom([]string{"$.a", "$.b.x", "$.zz.y.z", "$['a'].x"}).Draw(t, "path"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.put(doc, "new")
		if encode(doc) != before {
			t.Fatalf("the input changed to %s", encode(doc))
		}
		if err != nil {
			return // a scalar stands in the way
		}
		if v, err := p.find(out); err != nil || v != "new" {
			t.Fatalf("%v %v in %s", v, err, encode(out))
		}
		for i, k := range doc.keys {
			if k != p.steps[0].names[0] {
				if v, _ := out.(*object).get(k); !equal(v, doc.vals[i]) {
					t.Fatalf("%s changed", k)
				}
			}
		}
	})
}

func TestWrongDocumentsAreToldLikeAWSDoes(t *testing.T) {
	for text, want := range map[string]string{
		`not json`:                `Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`,
		`{'a':1}`:                 `Unexpected character (''' (code 39)): was expecting double-quote to start field name`,
		`{"a" 1}`:                 `Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value`,
		`[1 2]`:                   `Unexpected character ('2' (code 50)): was expecting comma to separate Array entries`,
		`{"a":1,}`:                `Unexpected character ('}' (code 125)): was expecting double-quote to start field name`,
		`01`:                      `Invalid numeric value: Leading zeroes not allowed`,
		`"a`:                      `Unexpected end-of-input: was expecting closing quote for a string value`,
		`"\x"`:                    `Unrecognized character escape 'x' (code 120)`,
		`1 2`:                     `Unexpected character ('2' (code 50)): expected end of input`,
		`1.`:                      `Unexpected end-of-input: Decimal point not followed by a digit`,
		strings.Repeat("[", 1100): `Document nesting depth (1001) exceeds the maximum allowed (1000)`,
	} {
		if _, err := parse(text); fmt.Sprint(err) != want {
			t.Errorf("%.20s: %v", text, err)
		}
	}
	if v, err := parse(`"\u0041\ud83c\udd97\n\/\ud800"`); err != nil || v != "A\U0001F197\n/\uFFFD" {
		t.Errorf("%q %v", v, err)
	}
}

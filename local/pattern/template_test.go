package pattern_test

import (
	"errors"
	"testing"

	"twofold/local/pattern"
)

const templateEvent = `{"id":"7bf7","detail":{"acc":{"acc_id":"0a78","sf_id":"baz"},"user":"0a78","n":5,"f":1.50,"ok":true,"none":null,
 "one":["HIGH"],"many":["ACTIVE","INACTIVE"],"quote":"say \"hi\"","rows":[{"id":"r1"},{"id":"r2"}]}}`

func render(t *testing.T, text string) (string, error) {
	t.Helper()
	e, err := pattern.ParseEvent([]byte(templateEvent))
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := pattern.ParseTemplate(text, func(name string) error {
		_, err := pattern.ParsePath(name)
		return err
	})
	if err != nil {
		return "", err
	}
	out, err := tpl.Render(func(name string) *pattern.Value {
		p, err := pattern.ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		return p.Find(e.Root())
	})
	return string(out), err
}

func TestTemplateGoldens(t *testing.T) {
	cases := []struct{ name, template, want string }{
		{"values keep their type", `{"n":<$.detail.n>,"f":<$.detail.f>,"ok":<$.detail.ok>,"none":<$.detail.none>,"user":<$.detail.user>}`,
			`{"n":5,"f":1.50,"ok":true,"none":null,"user":"0a78"}`},
		{"objects and arrays are inserted whole", `{"acc":<$.detail.acc>,"one":<$.detail.one>}`, `{"acc":{"acc_id":"0a78","sf_id":"baz"},"one":["HIGH"]}`},
		{"inside quotes the text", `{"path":"users/<$.detail.user>/second/<$.detail.user>","n":"<$.detail.n>"}`, `{"path":"users/0a78/second/0a78","n":"5"}`},
		{"in an array", `{"list":[<$.detail.user>,"hard"]}`, `{"list":["0a78","hard"]}`},
		{"a missing value", `{"a":<$.detail.gone>}`, `{"a":""}`},
		{"a missing value inside quotes", `{"a":"x <$.detail.gone>"}`, `{"a":"x "}`},
		{"quoted text", `"user <$.detail.user> is <$.detail.ok>!"`, `"user 0a78 is true!"`},
		{"objects in quoted text lose their quotes", `"of <$.detail.acc> in <$.detail.many>"`, `"of {acc_id:0a78,sf_id:baz} in [ACTIVE,INACTIVE]"`},
		{"several lines of quoted text", "\"<$.detail.one> one\"\n\"<$.detail.user> id\"", "\"[HIGH] one\"\n\"0a78 id\""},
		{"escapes stay escaped", `{"a":<$.detail.quote>,"b":"so: <$.detail.quote>"}`, `{"a":"say \"hi\"","b":"so: say \"hi\""}`},
		{"escaped quotes do not end a string", `{"b":"<$.id> is \"<$.detail.user>\""}`, `{"b":"7bf7 is \"0a78\""}`},
		{"a path alone", `<$.detail.acc>`, `{"acc_id":"0a78","sf_id":"baz"}`},
		{"elements by bracket, by dot, and all", `{"a":<$.detail.many[1]>,"b":<$.detail.many.0>,"c":<$.detail.rows[*].id>}`, `{"a":"INACTIVE","b":"ACTIVE","c":["r1","r2"]}`},
		{"no placeholders", `{"a":"b < c"}`, `{"a":"b < c"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := render(t, c.template); err != nil || got != c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestTemplateMustMakeJSON(t *testing.T) {
	for _, text := range []string{`<$.detail.one> single item`, `{"a":"<$.detail.one>"}`, `{"a":<$.detail.user>`, `free text`} {
		if got, err := render(t, text); err == nil {
			t.Errorf("%s gives %s", text, got)
		}
	}
}

func TestTemplateRefusesUnknownPlaceholders(t *testing.T) {
	unknown := errors.New("unknown")
	if _, err := pattern.ParseTemplate(`"<a>"`, func(string) error { return unknown }); !errors.Is(err, unknown) {
		t.Errorf("got %v", err)
	}
}

func TestPathsThatAreNotSupportedAreRefused(t *testing.T) {
	for _, text := range []string{"", "detail", "$..a", "$.a[", "$.a[?(@.b)]", "$.", "$x", "$.a b"} {
		if _, err := pattern.ParsePath(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

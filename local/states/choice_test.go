package states

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// decide tells whether a rule takes an input.
func decide(t *testing.T, rule, input string) (bool, error) {
	t.Helper()
	w, problems := compile(`{"StartAt":"S","States":{"S":{"Type":"Choice","Choices":[`+rule+`]},"T":{"Type":"Succeed"}}}`, Standard)
	if len(problems) > 0 {
		t.Fatal(rule, problems)
	}
	v, err := parse(input)
	if err != nil {
		t.Fatal(err)
	}
	return w.states["S"].does.(*choiceAction).rules[0].test(&env{input: v, context: func() *object { return &object{} }})
}

func TestOperatorsCompareOnlyTheirOwnType(t *testing.T) {
	const vals = `"n":1,"f":1.0,"big":12345678901234567890,"s":"b","b":true,"nul":null,"t":"2026-03-01T12:00:00Z","t2":"2026-03-01T13:00:00+01:00","o":{},"l":[1]`
	for _, c := range []struct {
		rule string
		want bool
	}{
		{`"Variable":"$.n","NumericEquals":1`, true}, {`"Variable":"$.f","NumericEquals":1`, true}, {`"Variable":"$.s","NumericEquals":1`, false},
		{`"Variable":"$.big","NumericEquals":12345678901234567890`, true}, {`"Variable":"$.big","NumericEquals":12345678901234567891`, false},
		{`"Variable":"$.n","NumericLessThan":2`, true}, {`"Variable":"$.n","NumericLessThan":1`, false}, {`"Variable":"$.n","NumericLessThanEquals":1`, true},
		{`"Variable":"$.n","NumericGreaterThan":0.5`, true}, {`"Variable":"$.n","NumericGreaterThanEquals":1.5`, false}, {`"Variable":"$.nul","NumericLessThan":9`, false},
		{`"Variable":"$.n","NumericEqualsPath":"$.f"`, true}, {`"Variable":"$.n","NumericLessThanPath":"$.big"`, true}, {`"Variable":"$.n","NumericEqualsPath":"$.s"`, false},
		{`"Variable":"$.n","NumericGreaterThanPath":"$.f"`, false}, {`"Variable":"$.n","NumericGreaterThanEqualsPath":"$.f"`, true}, {`"Variable":"$.n","NumericLessThanEqualsPath":"$.f"`, true},
		{`"Variable":"$.s","StringEquals":"b"`, true}, {`"Variable":"$.n","StringEquals":"1"`, false}, {`"Variable":"$.s","StringLessThan":"c"`, true},
		{`"Variable":"$.s","StringGreaterThan":"a"`, true}, {`"Variable":"$.s","StringLessThanEquals":"b"`, true}, {`"Variable":"$.s","StringGreaterThanEquals":"ba"`, false},
		{`"Variable":"$.s","StringEqualsPath":"$.s"`, true}, {`"Variable":"$.s","StringLessThanPath":"$.t"`, false}, {`"Variable":"$.s","StringGreaterThanPath":"$.t"`, true},
		{`"Variable":"$.s","StringLessThanEqualsPath":"$.s"`, true}, {`"Variable":"$.s","StringGreaterThanEqualsPath":"$.n"`, false},
		{`"Variable":"$.b","BooleanEquals":true`, true}, {`"Variable":"$.b","BooleanEquals":false`, false}, {`"Variable":"$.s","BooleanEquals":true`, false}, {`"Variable":"$.b","BooleanEqualsPath":"$.b"`, true},
		{`"Variable":"$.t","TimestampEquals":"2026-03-01T12:00:00Z"`, true}, {`"Variable":"$.t","TimestampEqualsPath":"$.t2"`, true}, {`"Variable":"$.t","TimestampLessThan":"2026-03-01T12:00:01Z"`, true},
		{`"Variable":"$.t","TimestampGreaterThan":"2026-03-01T12:00:00Z"`, false}, {`"Variable":"$.t","TimestampLessThanEquals":"2026-03-01T12:00:00Z"`, true},
		{`"Variable":"$.t","TimestampGreaterThanEquals":"2026-03-01T12:00:00Z"`, true}, {`"Variable":"$.s","TimestampLessThan":"2026-03-01T12:00:00Z"`, false},
		{`"Variable":"$.t","TimestampLessThanPath":"$.t2"`, false}, {`"Variable":"$.t","TimestampGreaterThanPath":"$.t2"`, false},
		{`"Variable":"$.t","TimestampLessThanEqualsPath":"$.t2"`, true}, {`"Variable":"$.t","TimestampGreaterThanEqualsPath":"$.t2"`, true},
		{`"Variable":"$.nul","IsNull":true`, true}, {`"Variable":"$.n","IsNull":true`, false}, {`"Variable":"$.n","IsNull":false`, true},
		{`"Variable":"$.n","IsPresent":true`, true}, {`"Variable":"$.nul","IsPresent":true`, true}, {`"Variable":"$.no","IsPresent":true`, false}, {`"Variable":"$.no","IsPresent":false`, true},
		{`"Variable":"$.no.no","IsPresent":false`, true}, {`"Variable":"$.no[*]","IsPresent":true`, false}, {`"Variable":"$none","IsPresent":false`, true},
		{`"Variable":"$.f","IsNumeric":true`, true}, {`"Variable":"$.s","IsNumeric":true`, false}, {`"Variable":"$.s","IsString":true`, true}, {`"Variable":"$.n","IsString":false`, true},
		{`"Variable":"$.b","IsBoolean":true`, true}, {`"Variable":"$.nul","IsBoolean":true`, false}, {`"Variable":"$.t","IsTimestamp":true`, true}, {`"Variable":"$.s","IsTimestamp":true`, false},
		{`"Variable":"$.l[?(@ == 1)]","NumericEquals":1`, true},
		{`"And":[{"Variable":"$.n","IsPresent":true},{"Variable":"$.n","NumericEquals":1}]`, true}, {`"And":[{"Variable":"$.n","NumericEquals":2},{"Variable":"$.no","NumericEquals":1}]`, false},
		{`"Or":[{"Variable":"$.n","NumericEquals":2},{"Variable":"$.s","StringEquals":"b"}]`, true}, {`"Or":[{"Variable":"$.n","NumericEquals":2}]`, false},
		{`"Not":{"Variable":"$.n","NumericEquals":2}`, true}, {`"Not":{"And":[{"Not":{"Variable":"$.n","NumericEquals":1}},{"Variable":"$.b","BooleanEquals":true}]}`, true},
	} {
		got, err := decide(t, `{`+c.rule+`,"Next":"T"}`, `{`+vals+`}`)
		if err != nil || got != c.want {
			t.Errorf("%s: %v %v", c.rule, got, err)
		}
	}
	for _, rule := range []string{`"Variable":"$.no","StringEquals":"a"`, `"Variable":"$.n","NumericEqualsPath":"$.no"`, `"Not":{"Variable":"$.no","IsNull":true}`} {
		if got, err := decide(t, `{`+rule+`,"Next":"T"}`, `{`+vals+`}`); err == nil {
			t.Errorf("%s: %v without an error", rule, got)
		}
	}
}

func TestStringMatchesKnowsStarsAndEscapes(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{`log-*.txt`, `log-2026.txt`, true}, {`log-*.txt`, `log-.txt`, true}, {`log-*.txt`, `log-2026.csv`, false}, {`*`, ``, true}, {`a*b*c`, `aXXbYYbc`, true}, {`a*b`, `abX`, false},
		{`a\\*b`, `a*b`, true}, {`a\\*b`, `aXb`, false}, {`a\\\\*`, `a\\X`, true}, {``, ``, true}, {``, `a`, false}, {`é*`, `éa`, true},
	} {
		got, err := decide(t, fmt.Sprintf(`{"Variable":"$","StringMatches":"%s","Next":"T"}`, c.pattern), `"`+c.s+`"`)
		if err != nil || got != c.want {
			t.Errorf("%s on %s: %v %v", c.pattern, c.s, got, err)
		}
	}
}

func TestAPatternMatchesWhateverStandsForItsStars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern, s := "", ""
		for range rapid.IntRange(0, 5).Draw(t, "parts") {
			part := rapid.StringMatching(`[ab]{0,3}`).Draw(t, "part")
			pattern, s = pattern+part+"*", s+part+rapid.StringMatching(`[ab]{0,3}`).Draw(t, "star")
		}
		if !globMatch(pattern, s) {
			t.Fatalf("%s does not match %s", pattern, s)
		}
	})
}

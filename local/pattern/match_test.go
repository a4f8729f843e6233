package pattern_test

import (
	"encoding/json"
	"strings"
	"testing"

	"twofold/local/pattern"
)

func compile(t *testing.T, text string) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Compile([]byte(text))
	if err != nil {
		t.Fatalf("Compile(%s): %v", text, err)
	}
	return p
}

// ec2 is the event of docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
const ec2 = `{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718",
 "detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"111122223333",
 "time":"2017-12-22T18:43:48Z","region":"us-west-1",
 "resources":["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
 "detail":{"instance-id":"i-1234567890abcdef0","state":"terminated"}}`

// documented are the examples of docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html and the
// pages beside it, each with a twin that does not match.
var documented = []struct {
	name, pattern, event string
	want                 bool
}{
	{"fields of the whole event", `{"source":["aws.ec2"],"detail-type":["EC2 Instance State-change Notification"],"detail":{"state":["terminated"]}}`, ec2, true},
	{"one field differs", `{"source":["aws.ec2"],"detail":{"state":["running"]}}`, ec2, false},
	{"an element of an array", `{"resources":["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0","other"]}`, ec2, true},
	{"no element of an array", `{"resources":["other"]}`, ec2, false},

	{"prefix", `{"time":[{"prefix":"2017-10-02"}]}`, `{"time":"2017-10-02T18:43:48Z"}`, true},
	{"prefix not", `{"time":[{"prefix":"2017-10-02"}]}`, `{"time":"2018-10-02T18:43:48Z"}`, false},
	{"empty prefix takes every string", `{"source":[{"prefix":""}]}`, ec2, true},
	{"empty prefix takes no number", `{"n":[{"prefix":""}]}`, `{"n":1}`, false},
	{"prefix ignoring case", `{"detail":{"service":[{"prefix":{"equals-ignore-case":"EventB"}}]}}`, `{"detail":{"service":"EvEnTbridge"}}`, true},
	{"prefix ignoring case not", `{"detail":{"service":[{"prefix":{"equals-ignore-case":"EventB"}}]}}`, `{"detail":{"service":"eventa"}}`, false},
	{"suffix", `{"FileName":[{"suffix":".png"}]}`, `{"FileName":"a.png"}`, true},
	{"suffix not", `{"FileName":[{"suffix":".png"}]}`, `{"FileName":"a.PNG"}`, false},
	{"suffix ignoring case", `{"FileName":[{"suffix":{"equals-ignore-case":".png"}}]}`, `{"FileName":"a.PNG"}`, true},
	{"suffix ignoring case longer than the value", `{"f":[{"suffix":{"equals-ignore-case":"abc"}}]}`, `{"f":"bc"}`, false},

	{"anything-but", `{"detail":{"state":[{"anything-but":"initializing"}]}}`, `{"detail":{"state":"running"}}`, true},
	{"anything-but not", `{"detail":{"state":[{"anything-but":"initializing"}]}}`, `{"detail":{"state":"initializing"}}`, false},
	{"anything-but a missing field", `{"detail":{"state":[{"anything-but":"initializing"}]}}`, `{"detail":{}}`, false},
	{"anything-but null", `{"detail":{"state":[{"anything-but":"initializing"}]}}`, `{"detail":{"state":null}}`, true},
	{"anything-but number", `{"detail":{"x-limit":[{"anything-but":123}]}}`, `{"detail":{"x-limit":1}}`, true},
	{"anything-but number not", `{"detail":{"x-limit":[{"anything-but":123}]}}`, `{"detail":{"x-limit":123}}`, false},
	{"anything-but zero", `{"detail":{"x-limit":[{"anything-but":0}]}}`, `{"detail":{"x-limit":789}}`, true},
	{"anything-but list", `{"detail":{"state":[{"anything-but":["stopped","overloaded"]}]}}`, `{"detail":{"state":"running"}}`, true},
	{"anything-but list not", `{"detail":{"state":[{"anything-but":["stopped","overloaded"]}]}}`, `{"detail":{"state":"overloaded"}}`, false},
	{"anything-but numbers", `{"detail":{"x-limit":[{"anything-but":[100,200,300]}]}}`, `{"detail":{"x-limit":201}}`, true},
	{"anything-but numbers not", `{"detail":{"x-limit":[{"anything-but":[100,200,300]}]}}`, `{"detail":{"x-limit":200.0}}`, false},
	{"anything-but ignoring case", `{"s":[{"anything-but":{"equals-ignore-case":"initializing"}}]}`, `{"s":"INITIALIZING"}`, false},
	{"anything-but list ignoring case", `{"s":[{"anything-but":{"equals-ignore-case":["initializing","stopped"]}}]}`, `{"s":"pending"}`, true},
	{"anything-but prefix", `{"s":[{"anything-but":{"prefix":"init"}}]}`, `{"s":"post-init"}`, true},
	{"anything-but prefix not", `{"s":[{"anything-but":{"prefix":"init"}}]}`, `{"s":"initial"}`, false},
	{"anything-but prefix of a number", `{"s":[{"anything-but":{"prefix":"init"}}]}`, `{"s":12}`, true},
	{"anything-but prefixes not", `{"s":[{"anything-but":{"prefix":["init","post"]}}]}`, `{"s":"post-init"}`, false},
	{"anything-but suffix", `{"f":[{"anything-but":{"suffix":".txt"}}]}`, `{"f":"a.txt.bak"}`, true},
	{"anything-but suffix not", `{"f":[{"anything-but":{"suffix":".txt"}}]}`, `{"f":"a.txt"}`, false},
	{"anything-but suffixes not", `{"f":[{"anything-but":{"suffix":[".txt",".rtf"]}}]}`, `{"f":"a.rtf"}`, false},
	{"anything-but wildcard", `{"f":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"f":"/usr/bin/x"}`, true},
	{"anything-but wildcard not", `{"f":[{"anything-but":{"wildcard":"*/lib/*"}}]}`, `{"f":"/usr/lib/x"}`, false},
	{"anything-but wildcards not", `{"f":[{"anything-but":{"wildcard":["*/lib/*","*/bin/*"]}}]}`, `{"f":"/usr/bin/x"}`, false},

	{"numbers", `{"detail":{"c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],"x-limit":[{"numeric":["=",3.018e2]}]}}`, `{"detail":{"c-count":5,"d-count":-3,"x-limit":301.8}}`, true},
	{"numbers at the open end", `{"n":[{"numeric":[">",0,"<=",5]}]}`, `{"n":0}`, false},
	{"numbers beyond", `{"n":[{"numeric":[">",0,"<=",5]}]}`, `{"n":5.000001}`, false},
	{"at least", `{"n":[{"numeric":[">=",0]}]}`, `{"n":-0}`, true},
	{"numeric takes no string", `{"n":[{"numeric":[">",0]}]}`, `{"n":"5"}`, false},
	{"numeric takes no null", `{"n":[{"numeric":[">",0]}]}`, `{"n":null}`, false},
	{"an exact number by value", `{"n":[300]}`, `{"n":3.0e2}`, true},
	{"an exact number is no string", `{"n":[300]}`, `{"n":"300"}`, false},
	{"a string is no number", `{"n":["300"]}`, `{"n":300}`, false},
	{"huge numbers differ by their text", `{"n":[9007199254740993]}`, `{"n":9007199254740992}`, false},
	{"huge numbers equal by their text", `{"n":[123456789012345678901234567890]}`, `{"n":123456789012345678901234567890}`, true},

	{"cidr", `{"ip":[{"cidr":"10.0.0.0/24"}]}`, `{"ip":"10.0.0.255"}`, true},
	{"cidr not", `{"ip":[{"cidr":"10.0.0.0/24"}]}`, `{"ip":"10.0.1.0"}`, false},
	{"cidr of no address", `{"ip":[{"cidr":"10.0.0.0/24"}]}`, `{"ip":"10.0.0.256"}`, false},
	{"cidr of a number", `{"ip":[{"cidr":"10.0.0.0/24"}]}`, `{"ip":123}`, false},
	{"cidr v6", `{"ip":[{"cidr":"2001:db8:1234:1a00::/64"}]}`, `{"ip":"2001:0db8:1234:1a00:0000:0000:0000:0001"}`, true},
	{"cidr v6 not", `{"ip":[{"cidr":"2001:db8:1234:1a00::/64"}]}`, `{"ip":"2001:db8:123f:1a01::"}`, false},
	{"the same address written otherwise", `{"ip":["2001:db8::1"]}`, `{"ip":"2001:0db8:0:0:0:0:0:1"}`, true},

	{"exists", `{"detail":{"state":[{"exists":true}]}}`, `{"detail":{"instance-id":"i-abcd1111","state":"pending"}}`, true},
	{"exists not", `{"detail":{"state":[{"exists":true}]}}`, `{"detail":{"c-count":{"c1":100}}}`, false},
	{"exists looks at leaves", `{"detail":{"c-count":[{"exists":true}]}}`, `{"detail":{"c-count":{"c1":100}}}`, false},
	{"an object is absent as a leaf", `{"detail":{"c-count":[{"exists":false}]}}`, `{"detail":{"c-count":{"c1":100}}}`, true},
	{"absent", `{"detail":{"c-count":{"c1":[{"exists":false}]}}}`, `{"detail":{"state":"x"}}`, true},
	{"absent not", `{"detail":{"c-count":{"c1":[{"exists":false}]}}}`, `{"detail":{"c-count":{"c1":100}}}`, false},
	{"absent below a scalar", `{"detail":{"a":{"b":[{"exists":false}]}}}`, `{"detail":{"a":5}}`, true},
	{"an empty array is absent", `{"resources":[{"exists":true}]}`, `{"resources":[]}`, false},
	{"null exists", `{"a":[{"exists":true}]}`, `{"a":null}`, true},
	{"absent or a value, absent", `{"d":{"S":[{"anything-but":["roses"]},{"exists":false}]}}`, `{"d":{"N":"789"}}`, true},
	{"absent or a value, the value", `{"d":{"S":[{"anything-but":["roses"]},{"exists":false}]}}`, `{"d":{"S":"tulips"}}`, true},
	{"absent or a value, another value", `{"d":{"S":[{"anything-but":["roses"]},{"exists":false}]}}`, `{"d":{"S":"roses"}}`, false},
	{"absent in every element", `{"a":{"b":[{"exists":false}],"c":[1]}}`, `{"a":[{"b":1},{"c":1}]}`, false},

	{"equals-ignore-case", `{"detail-type":[{"equals-ignore-case":"ec2 instance state-change notification"}]}`, ec2, true},
	{"equals-ignore-case not", `{"s":[{"equals-ignore-case":"a"}]}`, `{"s":"b"}`, false},
	{"equals-ignore-case of nothing", `{"s":[{"equals-ignore-case":""}]}`, `{"s":""}`, true},

	{"wildcard", `{"bus":[{"wildcard":"arn:aws:events:us-east-1:*:event-bus/*"}]}`, `{"bus":"arn:aws:events:us-east-1:123456789012:event-bus/my"}`, true},
	{"wildcard repeating", `{"f":[{"wildcard":"/Users/*/dir/dir/doc.txt"}]}`, `{"f":"/Users/me/dir/dir/dir/dir/doc.txt"}`, true},
	{"wildcard not", `{"f":[{"wildcard":"dir/*.png"}]}`, `{"f":"dir/a.jpg"}`, false},
	{"wildcard of nothing", `{"f":[{"wildcard":"a*b"}]}`, `{"f":"ab"}`, true},
	{"wildcard must not use a letter twice", `{"f":[{"wildcard":"a*a"}]}`, `{"f":"a"}`, false},
	{"an escaped star", `{"f":[{"wildcard":"a\\*b"}]}`, `{"f":"a*b"}`, true},
	{"an escaped star is no wildcard", `{"f":[{"wildcard":"a\\*b"}]}`, `{"f":"axb"}`, false},

	{"or", `{"detail":{"$or":[{"c-count":[{"numeric":[">",0,"<=",5]}]},{"d-count":[{"numeric":["<",10]}]},{"x-limit":[{"numeric":["=",3.018e2]}]}]}}`, `{"detail":{"c-count":0,"d-count":0,"x-limit":9.018e2}}`, true},
	{"or not", `{"detail":{"$or":[{"c-count":[{"numeric":[">",0,"<=",5]}]},{"d-count":[{"numeric":["<",10]}]},{"x-limit":[{"numeric":["=",3.018e2]}]}]}}`, `{"detail":{"c-count":0,"d-count":10,"x-limit":9.018e2}}`, false},
	{"or and more", `{"source":["a"],"$or":[{"x":[1]},{"y":[2]}]}`, `{"source":"b","x":1}`, false},
	{"several tests are or", `{"a":[{"numeric":[">",100]},{"anything-but":"101"}]}`, `{"a":"42"}`, true},

	{"null", `{"r":[null]}`, `{"r":null}`, true},
	{"null is no string", `{"r":[null]}`, `{"r":"null"}`, false},
	{"null is no empty array", `{"r":[null]}`, `{"r":[]}`, false},
	{"the empty string", `{"v":[""]}`, `{"v":""}`, true},
	{"true", `{"v":[true]}`, `{"v":true}`, true},
	{"true is no string", `{"v":[true]}`, `{"v":"true"}`, false},
	{"names are case sensitive", `{"Key":["v"]}`, `{"key":"v"}`, false},

	{"an object in an array", `{"employees":{"firstName":["Anna"]}}`, employees, true},
	{"two fields of one element", `{"employees":{"firstName":["Anna"],"lastName":["Smith"]}}`, employees, true},
	{"fields of two elements do not add up", `{"employees":{"firstName":["Anna"],"lastName":["Jones"]}}`, employees, false},
	{"arrays in arrays", `{"employees":{"firstName":["Anna"],"lastName":["Smith"]}}`, `{"employees":[[{"firstName":"John"}],[{"firstName":"Anna","lastName":"Smith"}]]}`, true},
	{"or does not add up elements either", `{"a":{"c":[1]},"$or":[{"a":{"b":[2]}},{"z":[1]}]}`, `{"a":[{"c":1},{"b":2}]}`, false},
	{"a text that holds JSON is a text", `{"detail":{"my-key":["v"]}}`, `{"detail":"{\"my-key\":\"v\"}"}`, false},

	{"a dot in the event's name", `{"detail":{"state":{"status":["running"]}}}`, `{"detail":{"state.status":"running"}}`, true},
	{"a dot in the pattern's name", `{"detail":{"state.status":["running"]}}`, `{"detail":{"state":{"status":"running"}}}`, true},
	{"a dot too many", `{"detail":{"state":{"status":["running"]}}}`, `{"detail":{"state.status":{"status":"running"}}}`, false},
	{"escapes are read", `{"a\u0062":["\u00e9"]}`, `{"ab":"é"}`, true},
}

func TestMatchAsDocumented(t *testing.T) {
	for _, c := range documented {
		t.Run(c.name, func(t *testing.T) {
			got, err := compile(t, c.pattern).MatchJSON([]byte(c.event))
			if err != nil || got != c.want {
				t.Errorf("%s\nagainst %s\ngives %v, %v; want %v", c.pattern, c.event, got, err, c.want)
			}
		})
	}
}

const employees = `{"employees":[{"firstName":"John","lastName":"Doe"},{"firstName":"Anna","lastName":"Smith"},{"firstName":"Peter","lastName":"Jones"}]}`

func TestEventsThatAreNotJSONObjectsAreRefused(t *testing.T) {
	for _, raw := range []string{``, `[]`, `"a"`, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":01}`, `{"a":tru}`, `{"a":1} x`,
		`{"a":"` + "\n" + `"}`, `{"a":"\q"}`, `{"a":[1,]}`, `{"a":1e}`, strings.Repeat(`{"a":`, 1200) + `1` + strings.Repeat(`}`, 1200)} {
		if _, err := pattern.ParseEvent([]byte(raw)); err == nil {
			t.Errorf("%.60s was read", raw)
		}
	}
}

func TestAlternativesTellFieldsAndValues(t *testing.T) {
	p := compile(t, `{"source":["a","b"],"$or":[{"detail":{"n":[1,true,null]}},{"detail":{"home":[{"prefix":"us"},"eu",{"exists":false}]}}]}`)
	got, err := json.Marshal(p.Alternatives())
	if err != nil {
		t.Fatal(err)
	}
	want := `[[{"Path":["source"],"Values":["a","b"],"Open":false,"Absent":false},{"Path":["detail","n"],"Values":[1,true,null],"Open":false,"Absent":false}],` +
		`[{"Path":["source"],"Values":["a","b"],"Open":false,"Absent":false},{"Path":["detail","home"],"Values":["eu"],"Open":true,"Absent":true}]]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func BenchmarkParseAndMatch(b *testing.B) {
	p, err := pattern.Compile([]byte(`{"source":["aws.ec2"],"detail":{"state":["terminated"]}}`))
	if err != nil {
		b.Fatal(err)
	}
	raw := []byte(ec2)
	for b.Loop() {
		if ok, err := p.MatchJSON(raw); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

func TestOperatorsNamesWhatAPatternUses(t *testing.T) {
	p := compile(t, `{"a":["x",1,{"prefix":"y"},{"anything-but":{"suffix":"z"}}],"b":[{"anything-but":[1]},{"exists":true},{"wildcard":"*"}],"c":[{"prefix":"q"}]}`)
	if got := strings.Join(p.Operators(), " "); got != "prefix anything-but/suffix anything-but exists wildcard" {
		t.Errorf("got %s", got)
	}
}

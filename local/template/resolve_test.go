package template

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// intrinsics is a template around one property; A and B are resources with attributes.
const intrinsics = `
Parameters:
  Name: {Type: String, Default: local}
  Size: {Type: Number, Default: 5}
  List: {Type: CommaDelimitedList, Default: "a, b,c"}
  Numbers: {Type: List<Number>, Default: "1,2"}
Mappings:
  Regions:
    us-east-1: {Peer: us-west-2, Zones: [x, y]}
Conditions:
  Right: !Equals [!Ref Name, local]
  Wrong: !Not [!Condition Right]
  Number: !Equals [!Ref Size, 5]
  Truth: !Equals ["true", true]
  Both: !And [!Condition Right, Condition: Number, !Not [!Condition Wrong]]
  Any: !Or [!Condition Wrong, !Equals [!FindInMap [Regions, !Ref "AWS::Region", Peer], us-west-2]]
Resources:
  A: {Type: X::Y::Z}
  B: {Type: X::Y::Z, DependsOn: A}
  T:
    Type: X::Y::Z
    Properties:
      V: `

func TestIntrinsicFunctions(t *testing.T) {
	for yaml, want := range map[string]string{
		`!Ref Name`:                                       `"local"`,
		`{Ref: Size}`:                                     `"5"`,
		`!Ref List`:                                       `["a","b","c"]`,
		`!Ref Numbers`:                                    `["1","2"]`,
		`!Ref A`:                                          `"shop-A"`,
		`!Ref AWS::Region`:                                `"us-east-1"`,
		`!Ref AWS::AccountId`:                             `"000000000000"`,
		`!Ref AWS::Partition`:                             `"aws"`,
		`!Ref AWS::URLSuffix`:                             `"amazonaws.com"`,
		`!Ref AWS::StackName`:                             `"shop"`,
		`!GetAtt A.Arn`:                                   `"A.Arn"`,
		`!GetAtt [A, Arn]`:                                `"A.Arn"`,
		`{"Fn::GetAtt": [A, Arn]}`:                        `"A.Arn"`,
		`{"Fn::GetAtt": A.Arn}`:                           `"A.Arn"`,
		`!Sub "${Name}-${A}-${A.Arn}"`:                    `"local-shop-A-A.Arn"`,
		`!Sub "${!Name} $Name ${AWS::Region}"`:            `"${Name} $Name us-east-1"`,
		`!Sub ["${x}/${Name}", {x: !GetAtt B.Arn}]`:       `"B.Arn/local"`,
		`!Sub ["${Name}", {Name: own}]`:                   `"own"`,
		`{"Fn::Sub": "${Size}"}`:                          `"5"`,
		`!Join ["-", [a, !Ref Name, 5, true]]`:            `"a-local-5-true"`,
		`!Join ["", !Ref List]`:                           `"abc"`,
		`!Select [1, !Ref List]`:                          `"b"`,
		`!Select ["0", !Split ["/", "x/y"]]`:              `"x"`,
		`!Split [",", !Sub "${Name},b"]`:                  `["local","b"]`,
		`!FindInMap [Regions, us-east-1, Peer]`:           `"us-west-2"`,
		`!FindInMap [Regions, !Ref "AWS::Region", Zones]`: `["x","y"]`,
		`!Base64 héllo`:                                   `"aMOpbGxv"`,
		`!If [Right, 1, 2]`:                               `1`,
		`!If [Wrong, !GetAtt A.Nowhere, {deep: !If [Right, [1.5], x]}]`: `{"deep":[1.5]}`,
		`{a: !Ref "AWS::NoValue", b: [1, !Ref "AWS::NoValue", true]}`:   `{"b":[1,true]}`,
		`!If [Number, n, m]`: `"n"`,
		`!If [Truth, n, m]`:  `"n"`,
		`!If [Both, n, m]`:   `"n"`,
		`!If [Any, n, m]`:    `"n"`,
		`2012-10-17`:         `"2012-10-17"`,
		`"{{not:dynamic}}"`:  `"{{not:dynamic}}"`,
		`{"<&>": "<&>"}`:     `{"<&>":"<&>"}`,
	} {
		t.Run(yaml, func(t *testing.T) {
			got := resources(t, intrinsics+yaml+"\n", nil)
			if props := properties(t, got[len(got)-1]); props != `{"V":`+want+`}` {
				t.Errorf("got %s, want %s", props, want)
			}
		})
	}
}

func TestWrongValuesNameTheirLine(t *testing.T) {
	line := strings.Count(intrinsics, "\n") + 1
	for yaml, want := range map[string]string{
		`!Ref Nobody`:                "Ref Nobody: the template has no parameter or resource of this name",
		`!GetAtt Nobody.Arn`:         "Fn::GetAtt Nobody: the template has no parameter or resource of this name",
		`!Sub "${Nobody.Arn}"`:       "Fn::Sub Nobody: the template has no parameter or resource of this name",
		`!GetAtt A.Nothing`:          "Fn::GetAtt A.Nothing: X::Y::Z has no such attribute; it has Arn, StateMachineRevisionId, StreamArn, Version",
		`!GetAtt A`:                  "Fn::GetAtt A needs a resource and an attribute",
		`{"Fn::GetAtt": [A]}`:        "Fn::GetAtt takes [resource, attribute]",
		`!Sub "${List}"`:             "Fn::Sub: ${List} is not a string",
		`!Sub [a]`:                   "Fn::Sub takes a string, or a string and a mapping",
		`!Join [a]`:                  "Fn::Join takes a list of 2",
		`!Join ["", x]`:              "Fn::Join needs a list",
		`!Select [3, !Ref List]`:     "Fn::Select: 3 is no index of a list of 3",
		`!Split ["", x]`:             "Fn::Split takes a separator first",
		`!FindInMap [Regions, x, y]`: "Fn::FindInMap: there is no x",
		`!If [Maybe, 1, 2]`:          "there is no condition Maybe",
		`!If [Right, 1]`:             "Fn::If takes a list of 3",
		`!Equals [1, 1]`:             "Fn::Equals may only stand in Conditions",
		`!Cidr [a, 1, 2]`:            "the function Fn::Cidr is not run by the local cloud",
		`!GetAZs ""`:                 "the function Fn::GetAZs is not run by the local cloud",
		`{"Fn::Length": []}`:         "the function Fn::Length is not run by the local cloud",
		`!Transform {Name: Count}`:   "Fn::Transform runs AWS::Include only",
		`{"Fn::Sub": a, b: c}`:       "Fn::Sub must be the only key of its mapping",
		`{a: 1, a: 2}`:               "the key a stands twice",
		`&x 5`:                       "YAML anchors and aliases are not supported by CloudFormation",
		`null`:                       "null is not allowed in a template",
		`!!binary aGk=`:              "the YAML tag !!binary is not supported",
		`000000000000`:               "000000000000 begins with 0: put it in quotes",
		`{on: 1}`:                    "on is a truth value in YAML 1.1: put it in quotes, or write true or false",
		`OFF`:                        "OFF is a truth value in YAML 1.1: put it in quotes, or write true or false",
		`!ImportValue x`:             "Fn::ImportValue: no stack of us-east-1 exports x",
		`"{{resolve:ssm:/a}}"`:       "T: V: the dynamic reference {{resolve:ssm:/a}} is not run here",
		`!Transform {Name: AWS::Include, Parameters: {Location: no.yaml}}`: "AWS::Include: open no.yaml: no such file or directory",
	} {
		t.Run(yaml, func(t *testing.T) {
			wrong(t, map[string]string{"template.yaml": intrinsics + yaml + "\n"}, nil,
				"template.yaml:"+scalarLine(line)+": "+want)
		})
	}
}

func scalarLine(line int) string { s, _ := scalar(float64(line)); return s }

// wrong deploys a template that must fail with exactly want.
func wrong(t *testing.T, files map[string]string, params map[string]string, want string) {
	t.Helper()
	rec := &recorder{}
	_, err := deployOne(t, NewDeployer(rec, nil), "shop", params, files)
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestWrongTemplatesNameTheirLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"yaml":           {"Resources:\n  A: [\n", "template.yaml:2: "},
		"empty":          {"", "template.yaml: the file is empty"},
		"list":           {"- a\n", "template.yaml:1: the top of the file must be a mapping"},
		"section":        {"Resource:\n  A: {Type: X}\n", "template.yaml:1: the template: Resource is not understood"},
		"no resources":   {"Outputs: {}\n", "template.yaml:1: the template has no Resources"},
		"no type":        {"Resources:\n  A: {}\n", "template.yaml:2: A: Type must be a resource type"},
		"attribute":      {"Resources:\n  A:\n    Type: X\n    CreationPolicy: {}\n", "template.yaml:4: A: CreationPolicy is not understood"},
		"logical id":     {"Resources:\n  a-b: {Type: X}\n", "template.yaml:2: the logical id a-b may have letters and digits only"},
		"depends on":     {"Resources:\n  A: {Type: X, DependsOn: B}\n", "template.yaml:2: A: DependsOn names B, which is no resource"},
		"condition":      {"Resources:\n  A: {Type: X, Condition: B}\n", "template.yaml:2: A: there is no condition B"},
		"transform":      {"Transform: Count\nResources:\n  A: {Type: X}\n", "template.yaml:1: Transform runs AWS::Serverless-2016-10-31 only"},
		"no transform":   {"Resources:\n  A: {Type: AWS::Serverless::Function}\n", "template.yaml:2: A: AWS::Serverless::Function needs Transform: AWS::Serverless-2016-10-31"},
		"output":         {"Resources:\n  A: {Type: X}\nOutputs:\n  O: {Value: !Ref B}\n", "template.yaml:4: Ref B: the template has no parameter or resource of this name"},
		"output key":     {"Resources:\n  A: {Type: X}\nOutputs:\n  O: {Value: a, Name: b}\n", "template.yaml:4: the output O: Name is not understood"},
		"not there":      {"Conditions:\n  Never: !Equals [a, b]\nResources:\n  A: {Type: X, Condition: Never}\n  B: {Type: X, Properties: {V: !Ref A}}\n", "template.yaml:5: Ref A: the resource is not created, its condition Never is false"},
		"circle":         {"Resources:\n  A: {Type: X, DependsOn: B}\n  B: {Type: X, Properties: {V: !Sub '${C.Arn}'}}\n  C: {Type: X, Properties: {V: !Ref D}}\n  D: {Type: X, Properties: {V: !GetAtt B.Arn}}\n", "template.yaml:3: circular dependency: B -> C -> D -> B"},
		"itself":         {"Resources:\n  A: {Type: X, Properties: {V: !Ref A}}\n", "template.yaml:2: circular dependency: A -> A"},
		"conditions":     {"Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources:\n  A: {Type: X}\n", "template.yaml:2: the conditions A -> B -> A refer to each other in a circle"},
		"no condition":   {"Conditions:\n  A: yes-please\nResources:\n  A: {Type: X}\n", "template.yaml:2: a condition must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition"},
		"condition ref":  {"Conditions:\n  A: !Equals [!Ref R, x]\nResources:\n  R: {Type: X}\n", "template.yaml:2: Ref R: a resource cannot be referred to here"},
		"nested missing": {"Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: no.yaml}\n", "template.yaml:2: open no.yaml: no such file or directory"},
		"nested url":     {"Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: 'https://x/y'}\n", "template.yaml:2: N (AWS::CloudFormation::Stack): TemplateURL must be a local path"},
		"nested itself":  {"Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: template.yaml}\n", "template.yaml:2: template.yaml contains itself as a nested stack"},
		"nested param":   {"Resources:\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: template.yaml, Parameters: {A: [b]}}\n", "template.yaml:4: N (AWS::CloudFormation::Stack): the parameter A must be a string"},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{}
			_, err := deployOne(t, NewDeployer(rec, nil), "shop", nil, map[string]string{"template.yaml": c.text})
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if len(rec.got) > 0 {
				t.Errorf("%d resources were created", len(rec.got))
			}
		})
	}
}

func TestParametersAreCheckedAsCloudFormationDoes(t *testing.T) {
	text := func(decl string) string {
		return "Parameters:\n  P: " + decl + "\nResources:\n  A: {Type: X::Y::Z, Properties: {V: !Ref P}}\n"
	}
	for decl, values := range map[string]map[string]string{
		`{Type: String, AllowedValues: [a, "5"]}`:                              {"a": "", "5": "", "b": `"b" is not among AllowedValues`},
		`{Type: String, AllowedPattern: "[a-z]+"}`:                             {"abc": "", "ab1": `"ab1" does not match AllowedPattern [a-z]+`},
		`{Type: String, MinLength: 2, MaxLength: 3}`:                           {"ab": "", "a": "1 is outside MinLength 2", "äöüß": "4 is outside MaxLength 3"},
		`{Type: Number, MinValue: 1, MaxValue: 2.5}`:                           {"2.5": "", "3": "3 is outside MaxValue 2.5", "x": `"x" is not a number`},
		`{Type: List<Number>}`:                                                 {"1,2": "", "1,x": `"x" is not a number`},
		`{Type: CommaDelimitedList, AllowedValues: [a, b]}`:                    {"a,b": "", "a,c": `"c" is not among AllowedValues`},
		`{Type: String, AllowedValues: [a], ConstraintDescription: one of us}`: {"b": `"b" is not among AllowedValues (one of us)`},
	} {
		for value, want := range values {
			t.Run(decl+value, func(t *testing.T) {
				if want == "" {
					resources(t, text(decl), map[string]string{"P": value})
					return
				}
				wrong(t, map[string]string{"template.yaml": text(decl)}, map[string]string{"P": value}, "template.yaml:2: the parameter P: "+want)
			})
		}
	}
	missing := map[string]string{"template.yaml": text("{Type: String}")}
	wrong(t, missing, nil, "the parameter P has no value (declared without Default at template.yaml:2)")
	wrong(t, missing, map[string]string{"P": "a", "Q": "b"}, "the parameter Q is not declared by template.yaml")
	wrong(t, map[string]string{"template.yaml": text("{Type: Text}")}, nil, `template.yaml:2: the parameter P: the type "Text" is unknown`)
}

func TestMissingParameterNamesWhoAsksForIt(t *testing.T) {
	wrong(t, map[string]string{
		"template.yaml": "Resources:\n  A: {Type: X}\n  N:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: n.yaml}\n",
		"n.yaml":        "Parameters:\n  P: {Type: String}\nResources:\n  A: {Type: X}\n",
	}, nil, "template.yaml:3: the parameter P has no value (declared without Default at n.yaml:2)")
}

// Whatever refers to whatever: each resource comes after all it needs, and one that stands
// earlier in the file comes right after a later one only if it needs it.
func TestOrderHoldsForAnyReferences(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(rt, "resources")
		rank := rapid.Permutation(indices(n)).Draw(rt, "rank")
		needs := map[string][]string{}
		text := "Resources:\n"
		for i := range n {
			text += "  " + name(i) + ": {Type: X::Y::Z, Properties: {V: [none"
			for j := range n {
				if rank[j] < rank[i] && rapid.Bool().Draw(rt, "needs") {
					needs[name(i)] = append(needs[name(i)], name(j))
					text += ", !Ref " + name(j)
				}
			}
			text += "]}}\n"
		}
		done := []string{""}
		for _, r := range resources(t, text, nil) {
			for _, on := range needs[r.LogicalID] {
				if !contains(done, on) {
					rt.Fatalf("%s comes before %s, which it needs", r.LogicalID, on)
				}
			}
			if last := done[len(done)-1]; r.LogicalID < last && !contains(needs[r.LogicalID], last) {
				rt.Fatalf("%s comes after %s without needing it", r.LogicalID, last)
			}
			done = append(done, r.LogicalID)
		}
	})
}

// name sorts as the index does.
func name(i int) string { return string(rune('A' + i)) }

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

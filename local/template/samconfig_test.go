package template

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestSamConfigGivesAStagesDeploymentsInFileOrder(t *testing.T) {
	got, err := ReadSamConfig("testdata/example/samconfig.toml", "local-")
	if err != nil {
		t.Fatal(err)
	}
	file := "testdata/example/samconfig.toml"
	want := []Deployment{
		{"local-global", "shop-local-global", "us-east-1", "testdata/example/stacks/global.yaml",
			map[string]string{"Stage": "local", "PeerRegion": "us-west-2"}, Pos{file, 6}},
		{"local-us-east-1", "shop-local", "us-east-1", "testdata/example/template.yaml",
			map[string]string{"Stage": "local", "MailFrom": "shop@shop.example"}, Pos{file, 22}},
		{"local-us-west-2", "shop-local", "us-west-2", "testdata/example/template.yaml",
			map[string]string{"Stage": "local", "MailFrom": "shop@shop.example", "Tracing": "Disabled"}, Pos{file, 27}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParameterOverridesInEveryForm(t *testing.T) {
	for _, v := range []any{
		`A=1 B="two words" C=a=b D=`,
		`ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue="two words" C='a=b' D=""`,
		[]any{"A=1", "B=two words", `C="a=b"`, "D="},
	} {
		got, err := overrides(v)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"A": "1", "B": "two words", "C": "a=b", "D": ""}; !reflect.DeepEqual(got, want) {
			t.Errorf("%v gives %v", v, got)
		}
	}
}

func TestWrongSamConfigNamesTheLine(t *testing.T) {
	const good = "[local-a.deploy.parameters]\ntemplate_file = \"t.yaml\"\nstack_name = \"a\"\nregion = \"us-east-1\"\n"
	for name, c := range map[string]struct{ text, want string }{
		"syntax":         {"version = 0.1\nregion = us-east-1\n", "samconfig.toml:2: "},
		"no stage":       {strings.Replace(good, "local", "prod", 1), `samconfig.toml: no environment with [<name>.deploy.parameters] begins with "local-"`},
		"missing":        {strings.Replace(good, "region", "# region", 1), "samconfig.toml:1: the environment local-a needs region, a string"},
		"no string":      {strings.Replace(good, `"us-east-1"`, "5", 1), "samconfig.toml:4: the environment local-a needs region, a string"},
		"unknown option": {good + "stack-name = \"b\"\n", "samconfig.toml:5: sam deploy has no option stack-name"},
		"no pair":        {good + "parameter_overrides = \"A=1 B\"\n", `samconfig.toml:5: parameter_overrides: "B" is not Key=Value`},
		"twice":          {good + "parameter_overrides = [\"A=1\", \"A=2\"]\n", "samconfig.toml:5: parameter_overrides: A stands twice"},
		"number":         {good + "parameter_overrides = 5\n", "samconfig.toml:5: parameter_overrides must be a string or a list of Key=Value"},
		"same stack":     {good + strings.Replace(good, "local-a", "local-b", 1), "samconfig.toml:5: local-b deploys the stack a in us-east-1, and so does local-a"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"samconfig.toml": c.text})
			_, err := ReadSamConfig(filepath.Join(dir, "samconfig.toml"), "local-")
			if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), dir+"/", ""), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestDefaultEnvironmentIsNotInherited(t *testing.T) {
	dir := write(t, map[string]string{"samconfig.toml": "[default.deploy.parameters]\nregion = \"us-east-1\"\n" +
		"[local-a.deploy.parameters]\ntemplate_file = \"t.yaml\"\nstack_name = \"a\"\n"})
	_, err := ReadSamConfig(filepath.Join(dir, "samconfig.toml"), "local-")
	if err == nil || !strings.HasSuffix(err.Error(), "samconfig.toml:3: the environment local-a needs region, a string") {
		t.Errorf("got %v", err)
	}
}

func TestAnEntryThatDeploysWhatWasBuiltGivesItsSource(t *testing.T) {
	dir := write(t, map[string]string{"samconfig.toml": "[prod-a.deploy.parameters]\nregion = \"us-east-1\"\n" +
		"stack_name = \"a\"\ntemplate_file = \".aws-sam/build/template.yaml\"\n"})
	got, err := ReadSamConfig(filepath.Join(dir, "samconfig.toml"), "prod-")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "template.yaml"); got[0].TemplateFile != want {
		t.Errorf("got %s, want %s", got[0].TemplateFile, want)
	}
}

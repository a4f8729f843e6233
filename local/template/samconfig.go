package template

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"
)

// Deployment is one config environment of a samconfig.toml: one `sam deploy`.
type Deployment struct {
	Env          string
	StackName    string
	Region       string
	TemplateFile string // relative paths are joined to the folder of samconfig.toml
	Parameters   map[string]string
	Pos          Pos // where the environment stands in samconfig.toml
}

// inertOptions are options of `sam deploy` that change nothing on one machine.
var inertOptions = []string{"capabilities", "resolve_s3", "s3_bucket", "s3_prefix", "confirm_changeset",
	"fail_on_empty_changeset", "disable_rollback", "on_failure", "tags", "profile", "role_arn", "kms_key_id",
	"force_upload", "no_progressbar", "signing_profiles", "image_repositories", "resolve_image_repos", "debug",
	"no_execute_changeset", "use_json", "max_wait_duration", "beta_features"}

var deployOptions = append([]string{"template_file", "template", "stack_name", "region", "parameter_overrides"}, inertOptions...)

// builtTemplate is what `sam build` makes of template.yaml, and what `sam deploy` must be given to deploy what was built.
const builtTemplate = ".aws-sam/build/template.yaml"

// ReadSamConfig gives the deployments whose environment name begins with stagePrefix
// (for example "local-"), in the order of the file. As in SAM, an environment's
// `global.parameters` hold for its `deploy.parameters` too, which win; nothing is
// inherited from the environment "default". An entry that deploys what `sam build` made
// gives template.yaml, which that was made from: functions are built otherwise here.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html.
func ReadSamConfig(path, stagePrefix string) ([]Deployment, error) {
	c, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	var list []Deployment
	for _, env := range c.environments() {
		if !strings.HasPrefix(env, stagePrefix) {
			continue
		}
		d, err := c.deployment(env)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	if len(list) == 0 {
		return nil, c.at().Errorf("no environment with [<name>.deploy.parameters] begins with %q", stagePrefix)
	}
	return list, c.once(list)
}

type samConfig struct {
	file  string
	lines []string
	doc   map[string]any
	keys  []toml.Key
}

func readConfig(path string) (*samConfig, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &samConfig{file: path, lines: strings.Split(string(src), "\n")}
	meta, err := toml.Decode(string(src), &c.doc)
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return nil, Pos{File: path, Line: bad.Position.Line}.Errorf("%s", bad.Message)
	}
	if err != nil {
		return nil, Pos{File: path}.Errorf("%v", err)
	}
	c.keys = meta.Keys()
	return c, nil
}

// environments are the names that have deploy.parameters, in file order.
func (c *samConfig) environments() []string {
	var envs []string
	for _, k := range c.keys {
		if len(k) >= 3 && k[1] == "deploy" && k[2] == "parameters" && !contains(envs, k[0]) {
			envs = append(envs, k[0])
		}
	}
	return envs
}

// at is the line of a key, or of the table it would stand in.
func (c *samConfig) at(key ...string) Pos {
	var table []string
	found, wanted := 0, strings.Join(key, ".")
	for i, line := range c.lines {
		full := table
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "[") {
			table = strings.Split(strings.Trim(line, "[] "), ".")
			full = table
		} else if name, _, ok := strings.Cut(line, "="); ok {
			full = append(append([]string{}, table...), strings.TrimSpace(name))
		} else {
			continue
		}
		switch name := strings.Join(full, "."); {
		case name == wanted:
			return Pos{File: c.file, Line: i + 1}
		case strings.HasPrefix(wanted, name+"."):
			found = i + 1
		}
	}
	return Pos{File: c.file, Line: found}
}

// options merges an environment's global and deploy parameters; at says where each stands.
func (c *samConfig) options(env string) (map[string]any, func(string) Pos, error) {
	merged, from := map[string]any{}, map[string]string{}
	for _, command := range []string{"global", "deploy"} {
		part, ok := dig(c.doc, env, command, "parameters")
		if !ok {
			continue
		}
		for k, v := range part {
			merged[k], from[k] = v, command
		}
	}
	at := func(key string) Pos {
		command := from[key]
		if command == "" {
			command = "deploy"
		}
		return c.at(env, command, "parameters", key)
	}
	for _, k := range c.keys { // file order, so that the first wrong line is the one reported
		if len(k) == 4 && k[0] == env && k[1] == "deploy" && !contains(deployOptions, k[3]) {
			return nil, nil, at(k[3]).Errorf("sam deploy has no option %s", k[3])
		}
	}
	return merged, at, nil
}

func dig(m map[string]any, path ...string) (map[string]any, bool) {
	for _, p := range path {
		next, ok := m[p].(map[string]any)
		if !ok {
			return nil, false
		}
		m = next
	}
	return m, true
}

func (c *samConfig) deployment(env string) (Deployment, error) {
	d := Deployment{Env: env, Pos: c.at(env, "deploy", "parameters")}
	opts, at, err := c.options(env)
	if err != nil {
		return d, err
	}
	if t, ok := opts["template"]; ok && opts["template_file"] == nil {
		opts["template_file"] = t
	}
	for _, o := range []struct {
		name string
		into *string
	}{{"template_file", &d.TemplateFile}, {"stack_name", &d.StackName}, {"region", &d.Region}} {
		s, ok := opts[o.name].(string)
		if !ok || s == "" {
			return d, at(o.name).Errorf("the environment %s needs %s, a string", env, o.name)
		}
		*o.into = s
	}
	if d.TemplateFile == builtTemplate {
		d.TemplateFile = "template.yaml"
	}
	if !filepath.IsAbs(d.TemplateFile) {
		d.TemplateFile = filepath.Join(filepath.Dir(c.file), d.TemplateFile)
	}
	d.Parameters, err = overrides(opts["parameter_overrides"])
	if err != nil {
		return d, at("parameter_overrides").Errorf("%v", err)
	}
	return d, nil
}

// once errors when two environments deploy the same stack.
func (c *samConfig) once(list []Deployment) error {
	seen := map[string]string{}
	for _, d := range list {
		key := d.Region + " " + d.StackName
		if first, ok := seen[key]; ok {
			return d.Pos.Errorf("%s deploys the stack %s in %s, and so does %s", d.Env, d.StackName, d.Region, first)
		}
		seen[key] = d.Env
	}
	return nil
}

// pair is Key=Value, where the value may stand in quotes, or SAM's long form of it.
var pair = regexp.MustCompile(`^(?:ParameterKey=([A-Za-z0-9]+),ParameterValue=|([A-Za-z0-9]+)=)("(?:[^"\\]|\\.)*"|'[^']*'|\S*)\s*`)

// overrides reads parameter_overrides: a string of pairs, or a list of them.
func overrides(v any) (map[string]string, error) {
	out := map[string]string{}
	switch v := v.(type) {
	case nil:
	case string:
		for rest := strings.TrimSpace(v); rest != ""; {
			m := pair.FindStringSubmatch(rest)
			if m == nil {
				return nil, fmt.Errorf("parameter_overrides: %q is not Key=Value", rest)
			}
			if err := override(out, m[1]+m[2], unquote(m[3])); err != nil {
				return nil, err
			}
			rest = rest[len(m[0]):]
		}
	case []any:
		for _, e := range v {
			key, value, ok := strings.Cut(fmt.Sprint(e), "=")
			if !ok {
				return nil, fmt.Errorf("parameter_overrides: %q is not Key=Value", e)
			}
			if err := override(out, key, unquote(value)); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("parameter_overrides must be a string or a list of Key=Value")
	}
	return out, nil
}

func override(out map[string]string, key, value string) error {
	if _, twice := out[key]; twice {
		return fmt.Errorf("parameter_overrides: %s stands twice", key)
	}
	out[key] = value
	return nil
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		quote := s[:1]
		return strings.ReplaceAll(s[1:len(s)-1], `\`+quote, quote)
	}
	return s
}

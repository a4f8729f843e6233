package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"twofold/local/template"
)

// artifactRegion is where an artifact's files are used: the build packages once for each region.
var artifactRegion = map[string]string{"East": "us-east-1", "West": "us-west-2"}

// sourceVariables are what a connection's source action gives.
// https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
var sourceVariables = []string{"AuthorDate", "AuthorId", "AuthorDisplayName", "AuthorEmail", "BranchName", "CommitId", "CommitMessage", "ConnectionArn", "FullRepositoryName", "ProviderType"}

var variable = regexp.MustCompile(`#\{([A-Za-z0-9_]+)\.([A-Za-z0-9_]+)\}`)

// check is a walk under way: what was there before an action.
type check struct {
	*Pipeline
	deployments []template.Deployment
	artifacts   map[string]bool
	variables   map[string][]string
	prepared    map[string]bool // region/stack/change set
	deployed    []string        // environments of samconfig.toml, in the order of their actions
	makefile    string
	findings    []string
}

// Check walks the pipeline from its first action to its last and gives what does not fit, one line each that names stage and action.
func Check(p *Pipeline) ([]string, error) {
	c := &check{Pipeline: p, artifacts: map[string]bool{}, variables: map[string][]string{}, prepared: map[string]bool{}}
	for _, stage := range []string{"staging-", "prod-"} {
		list, err := template.ReadSamConfig(filepath.Join(p.root, "samconfig.toml"), stage)
		if err != nil {
			return nil, err
		}
		c.deployments = append(c.deployments, list...)
	}
	makefile, err := os.ReadFile(filepath.Join(p.root, "Makefile"))
	if err != nil {
		return nil, err
	}
	c.makefile = string(makefile)
	for _, s := range p.Stages {
		for _, a := range s.Actions {
			c.action(s.Name+"/"+a.Name, a)
		}
	}
	c.everyDeployment()
	c.keys()
	return c.findings, nil
}

func (c *check) say(where, format string, args ...any) {
	c.findings = append(c.findings, where+": "+fmt.Sprintf(format, args...))
}

func (c *check) action(where string, a Action) {
	for _, in := range a.Inputs {
		if !c.artifacts[in] {
			c.say(where, "no action before it makes the artifact %s", in)
		}
	}
	if !slices.Contains(c.stores, a.Region) {
		c.say(where, "runs in %s, which has no artifact store", a.Region)
	}
	for _, v := range a.Settings {
		for _, m := range variable.FindAllStringSubmatch(text(v), -1) {
			if !slices.Contains(c.variables[m[1]], m[2]) {
				c.say(where, "no action before it gives the variable %s", m[0])
			}
		}
	}
	switch a.Provider {
	case "CodeStarSourceConnection":
		c.permitted(where, a.Role, "codeconnections:UseConnection", "s3:PutObject", "kms:GenerateDataKey")
		c.variables[a.Namespace] = sourceVariables
	case "CodeBuild":
		c.codeBuild(where, a)
	case "CloudFormation":
		c.cloudFormation(where, a)
	case "Manual":
	default:
		c.say(where, "no check knows the provider %s", a.Provider)
	}
	for _, out := range a.Outputs {
		c.artifacts[out] = true
	}
}

func (c *check) codeBuild(where string, a Action) {
	project := a.setting("ProjectName")
	c.permitted(where, a.Role, "codebuild:StartBuild", "codebuild:BatchGetBuilds")
	if c.Resources[project].Type != "AWS::CodeBuild::Project" {
		c.say(where, "there is no project %s", project)
		return
	}
	if !c.allowsOn(a.Role, "codebuild:StartBuild", project) {
		c.say(where, "the role %s may not start %s", a.Role, project)
	}
	spec, name, err := c.buildspec(project)
	if err != nil {
		c.say(where, "%v", err)
		return
	}
	reads := []string{"s3:GetObject", "kms:Decrypt", "logs:PutLogEvents"}
	if len(a.Outputs) > 0 {
		reads = append(reads, "s3:PutObject", "kms:GenerateDataKey")
	}
	c.permitted(where, text(c.Resources[project].Properties["ServiceRole"]), reads...)
	for _, out := range a.Outputs {
		if spec.Artifacts.Secondary[out].Base == "" {
			c.say(where, "%s gives no artifact %s", name, out)
		}
	}
	for _, command := range spec.Commands() {
		if why := c.command(command); why != "" {
			c.say(where, "%s: %s: %s", name, command, why)
		}
	}
	c.variables[a.Namespace] = spec.Env.Exported
}

// command says why a command cannot run, as far as that is seen without running it.
func (c *check) command(command string) string {
	words := strings.Fields(command)
	switch {
	case words[0] == "make" && !regexp.MustCompile(`(?m)^([a-z-]+ )*`+regexp.QuoteMeta(words[1])+`( [a-z-]+)*:`).MatchString(c.makefile):
		return "the Makefile has no such target"
	case words[0] == "make", words[0] == "export":
		return ""
	}
	if info, err := os.Stat(filepath.Join(c.root, words[0])); err != nil || info.Mode()&0o100 == 0 {
		return "there is no such program in the repository"
	}
	return ""
}

func (c *check) cloudFormation(where string, a Action) {
	stack, mode := a.setting("StackName"), a.setting("ActionMode")
	key := a.Region + "/" + stack + "/" + a.setting("ChangeSetName")
	if mode == "CHANGE_SET_EXECUTE" {
		c.permitted(where, a.Role, "cloudformation:ExecuteChangeSet", "cloudformation:DescribeStacks")
		if !c.prepared[key] {
			c.say(where, "no action before it prepares a change set of %s in %s", stack, a.Region)
		}
		return
	}
	c.prepared[key] = true
	c.permitted(where, a.Role, "cloudformation:CreateChangeSet", "cloudformation:DescribeChangeSet", "iam:PassRole", "s3:GetObject", "kms:Decrypt")
	if c.Resources[a.setting("RoleArn")].Type != "AWS::IAM::Role" {
		c.say(where, "there is no role %s", a.setting("RoleArn"))
	}
	d, ok := c.named(where, a)
	if !ok {
		return
	}
	if d.StackName != stack || d.Region != a.Region {
		c.say(where, "deploys %s in %s, but samconfig.toml gives %s to %s in %s", stack, a.Region, d.Env, d.StackName, d.Region)
	}
	artifact, file := path(a.setting("TemplatePath"))
	if file != filepath.Base(d.TemplateFile) {
		c.say(where, "deploys %s, but samconfig.toml gives %s to %s", file, filepath.Base(d.TemplateFile), d.Env)
	}
	if artifactRegion[artifact] != a.Region {
		c.say(where, "takes %s, which was packaged for %s, to %s", artifact, artifactRegion[artifact], a.Region)
	}
	c.deployed = append(c.deployed, d.Env)
}

// named is the deployment whose parameter file an action uses.
func (c *check) named(where string, a Action) (template.Deployment, bool) {
	for _, from := range []string{"TemplatePath", "TemplateConfiguration"} {
		if artifact, _ := path(a.setting(from)); !slices.Contains(a.Inputs, artifact) {
			c.say(where, "%s is in the artifact %s, which it does not take in", from, artifact)
		}
	}
	_, file := path(a.setting("TemplateConfiguration"))
	env := strings.TrimSuffix(file, ".json")
	i := slices.IndexFunc(c.deployments, func(d template.Deployment) bool { return d.Env == env })
	if i < 0 {
		c.say(where, "there is no parameter file %s: samconfig.toml has no environment %s", file, env)
		return template.Deployment{}, false
	}
	return c.deployments[i], true
}

// everyDeployment: what samconfig.toml lists is deployed, once, and in its order within a stage's dependencies. A stage's boundary is not: its roles may not change it.
func (c *check) everyDeployment() {
	for _, d := range c.deployments {
		want := 1
		if strings.HasSuffix(d.Env, "-boundary") {
			want = 0
		}
		if n := len(slices.DeleteFunc(slices.Clone(c.deployed), func(e string) bool { return e != d.Env })); n != want {
			c.say("pipeline", "%s of samconfig.toml is deployed by %d actions", d.Env, n)
		}
	}
	for _, stage := range []string{"staging", "prod"} {
		tables, keys := slices.Index(c.deployed, stage+"-global-data"), slices.Index(c.deployed, stage+"-keys-us-west-2")
		for _, region := range []string{"us-east-1", "us-west-2"} {
			if i := slices.Index(c.deployed, stage+"-"+region); i < tables || tables < keys {
				c.say("pipeline", "%s-%s is deployed before the keys or the global tables", stage, region)
			}
		}
	}
}

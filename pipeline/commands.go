package pipeline

import (
	"slices"
	"strings"
)

// What is the action in a few words.
func (a Action) What() string {
	switch a.Provider {
	case "CodeBuild":
		return "runs " + a.setting("ProjectName")
	case "CloudFormation":
		if a.setting("ActionMode") == "CHANGE_SET_EXECUTE" {
			return "executes the change set of " + a.setting("StackName")
		}
		return "prepares a change set of " + a.setting("StackName")
	}
	return a.Provider
}

// Named is a buildspec with the name of its file.
type Named struct {
	Buildspec
	Name string
}

// Buildspecs are those of the pipeline's projects, in the order in which actions first run them.
func (p *Pipeline) Buildspecs() (all []Named, err error) {
	for _, s := range p.Stages {
		for _, a := range s.Actions {
			if a.Provider != "CodeBuild" {
				continue
			}
			b, name, err := p.buildspec(a.setting("ProjectName"))
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(all, func(n Named) bool { return n.Name == name }) {
				all = append(all, Named{b, name})
			}
		}
	}
	return all, nil
}

// Here is the command as it runs without an account, or nothing and the reason.
func Here(command string) (here, why string) {
	switch {
	case strings.HasPrefix(command, "export "):
		return command, ""
	case command == ".ci/run":
		return "", "it is make test, of which this is a part"
	case command == "make vuln":
		return "", "it needs Go's vulnerability database, and fails without it"
	case strings.HasPrefix(command, "make pact-publish"), strings.HasPrefix(command, "make can-i-deploy"):
		return "", "it needs a Pact broker; make contract checks the same pacts"
	case strings.HasPrefix(command, "make sam-package"):
		return "make sam-package BUCKET_PREFIX=twofold-pipeline-000000000000 UPLOAD=no", ""
	case strings.HasPrefix(command, "pipeline/check.sh"):
		return "", "it needs what was deployed; a test runs its program against the local cloud"
	}
	return command, ""
}

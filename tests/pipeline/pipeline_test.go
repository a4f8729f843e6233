// Package pipeline_test proves that the pipeline fits together, and that what is taken away is missed: each test removes one thing from a copy.
package pipeline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twofold/pipeline"
)

const root = "../.."

func findings(t *testing.T, at string) []string {
	t.Helper()
	p, err := pipeline.Read(at)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pipeline.Check(p)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestThePipelineFitsTogether(t *testing.T) {
	for _, f := range findings(t, root) {
		t.Error(f)
	}
}

func TestEveryDeploymentResolvesInBothRegions(t *testing.T) {
	for _, stage := range []string{"staging", "prod"} {
		if errs := unresolved(t, root, stage); len(errs) > 0 {
			t.Error(strings.Join(errs, "\n"))
		}
	}
}

func unresolved(t *testing.T, at, stage string) (errs []string) {
	t.Helper()
	list, err := pipeline.Deployments(t.Context(), at, stage)
	if err != nil {
		t.Fatal(err)
	}
	regions := map[string]int{}
	for _, r := range list {
		regions[r.Region]++
		if r.Err != nil {
			errs = append(errs, r.Err.Error())
		}
	}
	if len(regions) != 2 {
		t.Errorf("%s is deployed in %v", stage, regions)
	}
	return errs
}

// without is a copy of what the pipeline is made of, in which one text has become another, once or at its n-th place.
func without(t *testing.T, file, text, instead string) string {
	t.Helper()
	at := t.TempDir()
	for _, part := range []string{"stacks", "pipeline", "template.yaml", "samconfig.toml", "buildspec.yml", "Makefile", "openapi.yaml", "statemachine", ".ci"} {
		from, to := filepath.Join(root, part), filepath.Join(at, part)
		info, err := os.Stat(from)
		if err == nil && info.IsDir() {
			err = os.CopyFS(to, os.DirFS(from))
		} else if err == nil {
			var raw []byte
			if raw, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(to, raw, info.Mode())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(filepath.Join(at, file))
	if err != nil || !strings.Contains(string(raw), text) {
		t.Fatalf("%s does not contain %q (%v)", file, text, err)
	}
	if err := os.WriteFile(filepath.Join(at, file), []byte(strings.Replace(string(raw), text, instead, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWhatIsTakenFromThePipelineIsMissed(t *testing.T) {
	for name, c := range map[string]struct{ file, text, instead, want string }{
		"an artifact":                 {pipeline.File, "OutputArtifacts: [{ Name: East }, { Name: West }]", "OutputArtifacts: [{ Name: East }]", "Staging/PrepareKeysUsWest2: no action before it makes the artifact West"},
		"an artifact of a buildspec":  {"buildspec.yml", "    West:\n", "    North:\n", "Build/Build: buildspec.yml gives no artifact West"},
		"a variable":                  {"buildspec.yml", "exported-variables: [RELEASE]", "exported-variables: []", "no action before it gives the variable #{Build.RELEASE}"},
		"a namespace":                 {pipeline.File, "Namespace: Source", "Namespace: Commit", "no action before it gives the variable #{Source.CommitId}"},
		"a permission":                {pipeline.StageFile, "cloudformation:ExecuteChangeSet, ", "", "the role StagingDeployRole does not allow cloudformation:ExecuteChangeSet"},
		"the passing of a role":       {pipeline.StageFile, "Action: [iam:PassRole]", "Action: [iam:GetRole]", "the role StagingDeployRole does not allow iam:PassRole"},
		"a project's start":           {pipeline.File, "                  - !GetAtt CheckProject.Arn\n", "", "the role BuildActionRole may not start CheckProject"},
		"a target of a command":       {"Makefile", "\nsbom: ", "\nsbon: ", "make sbom: the Makefile has no such target"},
		"a deployment":                {pipeline.File, "East::prod-trail.json", "East::prod-trial.json", "samconfig.toml has no environment prod-trial"},
		"a change set":                {pipeline.File, "ActionMode: CHANGE_SET_REPLACE\n                StackName: twofold-staging-global-data", "ActionMode: CHANGE_SET_REPLACE\n                StackName: twofold-staging-data", "no action before it prepares a change set of twofold-staging-global-data"},
		"a region's store":            {pipeline.File, "        - Region: !Ref PeerRegion\n          ArtifactStore:", "        - Region: !Ref AWS::Region\n          ArtifactStore:", "which has no artifact store"},
		"the key's alias":             {"stacks/pipeline-region.yaml", "AliasName: alias/twofold-pipeline\n", "AliasName: alias/other\n", "AliasName: alias/twofold-pipeline"},
		"an environment's deployment": {"samconfig.toml", "[prod-us-west-2.deploy.parameters]", "[prod-eu-west-1.deploy.parameters]", "no environment prod-us-west-2"},
	} {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(findings(t, without(t, c.file, c.text, c.instead)), "\n")
			if !strings.Contains(found, c.want) {
				t.Errorf("without it the walk says\n%s\nand not %q", found, c.want)
			}
		})
	}
}

func TestWhatIsTakenFromADeploymentIsMissedWithStackAndRegion(t *testing.T) {
	const west = `stack_name = "twofold-staging"
region = "us-west-2"
capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
resolve_s3 = true
tags = "platform=twofold stage=staging"
parameter_overrides = [
  "Stage=staging",
`
	for name, c := range map[string]struct {
		file, text, instead string
		want                []string
	}{
		"one region's parameter": {"samconfig.toml", west, strings.Replace(west, `"Stage=staging",`, "", 1), []string{"twofold-staging in us-west-2", "Stage"}},
		"an alias":               {"stacks/orders.yaml", "    AutoPublishAlias: live\n", "", []string{"twofold-staging in us-east-1", "AutoPublishAlias"}},
		"an export":              {"stacks/keys.yaml", `Export: { Name: !Sub "twofold-${Stage}-logs-key" }`, "Description: the key of logs", []string{"twofold-staging in us-east-1", "twofold-staging-logs-key"}},
		"a nested parameter":     {"template.yaml", "        PeerRegion: !FindInMap [Regions, !Ref AWS::Region, Peer]\n", "", []string{"twofold-staging in us-west-2", "PeerRegion"}},
		"a secret":               {"stacks/keys.yaml", `Export: { Name: !Sub "twofold-${Stage}-carrier-secret" }`, "Description: the key at the carrier", []string{"twofold-staging in us-east-1", "twofold-staging-carrier-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			found := strings.Join(unresolved(t, without(t, c.file, c.text, c.instead), "staging"), "\n")
			for _, want := range c.want {
				if !strings.Contains(found, want) {
					t.Errorf("without it the dry run says\n%s\nand not %q", found, want)
				}
			}
		})
	}
}

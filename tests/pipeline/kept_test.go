package pipeline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twofold/local/template"
	"twofold/pipeline"
)

// packaged is the folder of the buckets that deployments take their code from.
const packaged = "packaged"

func TestWhatRunsIsNeverExpired(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(root, "tools/sam/package.sh"))
	if err != nil || !strings.Contains(string(script), "--s3-prefix "+packaged+" ") {
		t.Fatalf("tools/sam/package.sh packages to another folder than %s (%v)", packaged, err)
	}
	name := once(t, pipeline.File)["AWS::CodePipeline::Pipeline"]["Name"]
	lifecycle := once(t, "stacks/pipeline-region.yaml")["AWS::S3::Bucket"]["LifecycleConfiguration"].(map[string]any)
	ends := 0
	for _, r := range lifecycle["Rules"].([]any) {
		rule := r.(map[string]any)
		if _, expires := rule["ExpirationInDays"]; !expires {
			continue
		}
		ends++
		if rule["Prefix"] != name.(string)+"/" {
			t.Errorf("the rule %v ends what begins with %v, which is not the pipeline's own %v/", rule["Id"], rule["Prefix"], name)
		}
	}
	if ends == 0 {
		t.Error("what the pipeline hands from action to action stays for ever")
	}
}

// once are the properties of a template's resources by type, one of each.
func once(t *testing.T, file string) map[string]map[string]any {
	t.Helper()
	rec := &recorder{}
	_, err := template.NewDeployer(rec, nil).Deploy(t.Context(), template.Deployment{StackName: "twofold-pipeline", Region: "us-east-1",
		TemplateFile: filepath.Join(root, file), Parameters: parametersOf(file)})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, r := range rec.made {
		out[r.Type] = r.Properties
	}
	return out
}

func TestEveryDeploymentTagsWhatItMakesWithItsStageByHandToo(t *testing.T) {
	config, err := os.ReadFile(filepath.Join(root, "samconfig.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []string{"staging", "prod"} {
		folder := t.TempDir()
		if err := pipeline.WriteParameters(root, folder, stage); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "*", "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no parameter files (%v)", err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var given struct{ Tags map[string]string }
			if err := json.Unmarshal(raw, &given); err != nil || given.Tags["stage"] != stage {
				t.Errorf("%s tags with %v (%v)", filepath.Base(file), given.Tags, err)
			}
		}
		if byHand := strings.Count(string(config), "\ntags = \"platform=twofold stage="+stage+"\"\n"); byHand != len(files) {
			t.Errorf("of %d deployments of %s samconfig.toml tags %d", len(files), stage, byHand)
		}
	}
}

package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"twofold/local/core"
	"twofold/local/template"
)

// WriteParameters writes a parameter file for each deployment of a stage, as CloudFormation's actions read it, into the folder of its region: what samconfig.toml
// gives. The release is the action's own.
func WriteParameters(root, folder, stage string) error {
	list, err := template.ReadSamConfig(filepath.Join(root, "samconfig.toml"), stage+"-")
	if err != nil {
		return err
	}
	for _, d := range list {
		raw, err := json.MarshalIndent(map[string]any{"Parameters": d.Parameters, "Tags": map[string]string{"platform": "twofold", "stage": stage}}, "", "  ")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(folder, d.Region), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, d.Region, d.Env+".json"), append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Resolved is one deployment and what became of it.
type Resolved struct {
	template.Deployment
	Resources int
	Err       error
}

// Deployments resolves every deployment of a stage in order, with nothing created: each reference gets a made-up value, exports and
// nested stacks' outputs are passed on as CloudFormation passes them. An error names stack, region and what is missing.
func Deployments(ctx context.Context, root, stage string) ([]Resolved, error) {
	list, err := template.ReadSamConfig(filepath.Join(root, "samconfig.toml"), stage+"-")
	if err != nil {
		return nil, err
	}
	dry := &recorder{}
	deployer := template.NewDeployer(dry, nil)
	var out []Resolved
	for _, d := range list {
		dry.count = 0
		given := maps.Clone(d.Parameters)
		if raw, err := os.ReadFile(d.TemplateFile); err == nil && strings.Contains(string(raw), "\n  Release:\n") {
			given["Release"] = "1"
		}
		r := Resolved{Deployment: d}
		d.Parameters = given
		if _, err := deployer.Deploy(ctx, d); err != nil {
			r.Err = fmt.Errorf("%s in %s: %w", d.StackName, d.Region, err)
		}
		r.Resources = dry.count
		out = append(out, r)
	}
	return out, nil
}

// recorder makes nothing and gives each resource made-up values for all that templates ask of it.
type recorder struct{ count int }

// attributes are those that the stacks ask for with GetAtt; whether a type has them is cfn-lint's to say.
var attributes = []string{"Arn", "ArchiveName", "HealthCheckId", "Id", "Name", "QueueName", "RegionalDomainName", "RegionalHostedZoneId",
	"RegistryName", "RootResourceId", "SchemaVersion", "StateMachineRevisionId", "StreamArn", "TopicArn", "TopicName", "Version"}

func (r *recorder) Provision(_ context.Context, res core.Resource) (core.Physical, error) {
	r.count++
	arn := fmt.Sprintf("arn:aws:made-up:%s:000000000000:%s/%s", res.Region, res.Stack, res.LogicalID)
	attrs := map[string]any{}
	for _, name := range attributes {
		attrs[name] = arn
	}
	return core.Physical{Ref: res.Stack + "-" + res.LogicalID, Attrs: attrs}, nil
}

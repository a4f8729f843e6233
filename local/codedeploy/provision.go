package codedeploy

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"twofold/local/core"
)

// group is an AWS::CodeDeploy::DeploymentGroup.
type group struct {
	application, name, role string
	alarms                  []string
	steps                   []step
}

// Provision creates applications and deployment groups; a group's Ref is its name.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case "AWS::CodeDeploy::Application":
		return core.Physical{Ref: r.PhysicalName()}, nil
	case "AWS::CodeDeploy::DeploymentGroup":
		return s.provisionGroup(r)
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type of resource")
}

func (s *Service) provisionGroup(r core.Resource) (core.Physical, error) {
	var p struct {
		ApplicationName, DeploymentGroupName, DeploymentConfigName, ServiceRoleArn string

		AlarmConfiguration struct {
			Enabled core.Bool
			Alarms  []struct{ Name string }
		}
		AutoRollbackConfiguration struct {
			Enabled core.Bool
			Events  []string
		}
	}
	if err := r.Decode(&p, "DeploymentStyle", "Tags"); err != nil {
		return core.Physical{}, err
	}
	steps, known := stepsOf(p.DeploymentConfigName)
	switch {
	case !known:
		return core.Physical{}, r.Errorf("the local cloud does not run the configuration %s", p.DeploymentConfigName)
	case !bool(p.AutoRollbackConfiguration.Enabled) || !slices.Contains(p.AutoRollbackConfiguration.Events, "DEPLOYMENT_STOP_ON_ALARM"):
		return core.Physical{}, r.Errorf("the local cloud runs deployments only that are rolled back")
	}
	g := &group{application: p.ApplicationName, name: p.DeploymentGroupName, role: p.ServiceRoleArn, steps: steps}
	if g.name == "" {
		g.name = r.PhysicalName()
	}
	for _, a := range p.AlarmConfiguration.Alarms {
		if p.AlarmConfiguration.Enabled {
			g.alarms = append(g.alarms, a.Name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[r.Region+"/"+g.name] = g
	return core.Physical{Ref: g.name}, nil
}

var gradual = regexp.MustCompile(`^(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?$`)

// stepsOf reads the name of one of CodeDeploy's own configurations for Lambda
// (https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html).
func stepsOf(config string) ([]step, bool) {
	name := strings.TrimPrefix(config, "CodeDeployDefault.Lambda")
	if name == "AllAtOnce" {
		return []step{{percent: 100}}, true
	}
	m := gradual.FindStringSubmatch(name)
	if m == nil {
		return nil, false
	}
	percent, perr := strconv.Atoi(m[2])
	minutes, merr := strconv.Atoi(m[3])
	if perr != nil || merr != nil || percent < 1 || percent > 99 {
		return nil, false
	}
	return gradually(m[1] == "Canary", percent, time.Duration(minutes)*time.Minute), true
}

// gradually are the steps of a canary, which waits once, or of a linear shift, which waits after each share.
func gradually(canary bool, percent int, hold time.Duration) []step {
	steps := []step{{percent, hold}}
	for p := 2 * percent; p < 100 && !canary; p += percent {
		steps = append(steps, step{p, hold})
	}
	return append(steps, step{percent: 100})
}

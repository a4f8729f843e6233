package world

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"twofold/internal/platform"
	"twofold/local/codedeploy"
	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/template"
)

// Live is the alias that every function is called through.
const Live = "live"

// DeployVersion publishes a new version of a function ("order-api") in a region and gives it its traffic as its DeploymentPreference says, as an update of its stack would:
// first the alarm of the version looks at the new one, then CodeDeploy moves the alias. A version that is rolled back takes the alarm along. With construct the version's
// code is what that makes, in a simulated world; nil is the code that all versions have.
func (w *World) DeployVersion(ctx context.Context, region, function string, construct platform.Constructor) (out codedeploy.Outcome, err error) {
	if construct != nil && w.sim == nil {
		return out, errors.New("a live world runs the functions' files: replace one and deploy it without a constructor")
	}
	name := w.table(function)
	alias, err := w.aliasOf(region, name)
	if err != nil {
		return out, err
	}
	from, version, err := w.svc.lambda.Release(region, name, Live)
	if err != nil {
		return out, err
	}
	if construct != nil {
		w.code.Store(version, construct)
	}
	if err := w.watchVersion(ctx, region, name, version.Number); err != nil {
		return out, err
	}
	update, _ := alias.UpdatePolicy["CodeDeployLambdaAliasUpdate"].(map[string]any)
	text := func(key string) string { s, _ := update[key].(string); return s }
	out, err = w.svc.codedeploy.Deploy(ctx, codedeploy.Release{Region: region, Group: text("DeploymentGroupName"), Function: name, Alias: Live,
		From: from, To: version.Number, Before: text("BeforeAllowTrafficHook"), After: text("AfterAllowTrafficHook")})
	if err != nil || out.Succeeded {
		return out, err
	}
	return out, w.watchVersion(ctx, region, name, from)
}

// aliasOf is the deployed alias of a function, which must get its traffic through CodeDeploy.
func (w *World) aliasOf(region, name string) (template.Deployed, error) {
	for _, s := range w.stacks {
		if s.Region != region {
			continue
		}
		var found *template.Deployed
		s.Walk(func(d template.Deployed) {
			if d.Type == "AWS::Lambda::Alias" && d.Properties["FunctionName"] == name && d.UpdatePolicy["CodeDeployLambdaAliasUpdate"] != nil {
				found = &d
			}
		})
		if found != nil {
			return *found, nil
		}
	}
	return template.Deployed{}, fmt.Errorf("%s has no alias with a DeploymentPreference in %s", name, region)
}

// watchVersion makes the alarms of a function's version look at another one.
func (w *World) watchVersion(ctx context.Context, region, name, version string) (all error) {
	for _, s := range w.stacks {
		if s.Region != region {
			continue
		}
		s.Walk(func(d template.Deployed) {
			if d.Type != "AWS::CloudWatch::Alarm" {
				return
			}
			properties, about := aimed(d.Properties, name, version)
			if about {
				r := d.Resource
				r.Properties = properties.(map[string]any)
				_, err := w.provision(ctx, r)
				all = errors.Join(all, err)
			}
		})
	}
	return all
}

// aimed is a value in which the dimension ExecutedVersion of a function's metrics is another version; about tells whether there was one.
func aimed(v any, function, version string) (out any, about bool) {
	switch v := v.(type) {
	case []any:
		list, mine := make([]any, len(v)), dimension(v, "FunctionName") == function && dimension(v, "ExecutedVersion") != ""
		for i, e := range v {
			m, _ := e.(map[string]any)
			if mine && m["Name"] == "ExecutedVersion" {
				list[i], about = map[string]any{"Name": "ExecutedVersion", "Value": version}, true
				continue
			}
			in, found := aimed(e, function, version)
			list[i], about = in, about || found
		}
		return list, about
	case map[string]any:
		m := maps.Clone(v)
		for k, e := range v {
			in, found := aimed(e, function, version)
			m[k], about = in, about || found
		}
		return m, about
	}
	return v, false
}

func dimension(list []any, name string) string {
	for _, e := range list {
		if m, _ := e.(map[string]any); m["Name"] == name {
			value, _ := m["Value"].(string)
			return value
		}
	}
	return ""
}

// registered are the constructors of the registry, found once for each version: they are asked for at each invocation.
type registered struct {
	all   map[string]platform.Constructor // by folder
	found map[*lambda.Version]platform.Constructor
}

// constructor is what makes a version: its own, if it was deployed with one, or its folder's.
func (w *World) constructor(r registered, v *lambda.Version) (platform.Constructor, error) {
	if own, released := w.code.Load(v); released {
		return own.(platform.Constructor), nil
	}
	if found := r.found[v]; found != nil {
		return found, nil
	}
	name, err := folder(v.Resource)
	if err != nil {
		return nil, err
	}
	if r.found[v] = r.all[name]; r.found[v] == nil {
		return nil, errors.New("it is not in the registry")
	}
	return r.found[v], nil
}

// OnDeployment calls tell with every step of a deployment.
func (w *World) OnDeployment(tell func(codedeploy.Milestone)) {
	w.cloud.Journal.Tap(func(e core.Entry) {
		if m, ok := e.Data.(codedeploy.Milestone); ok {
			tell(m)
		}
	})
}

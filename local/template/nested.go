package template

import (
	"context"
	"path/filepath"
	"strings"

	"twofold/local/core"
)

const nestedStack = "AWS::CloudFormation::Stack"

// nest deploys a nested stack; its outputs are its attributes.
func (r *run) nest(ctx context.Context, decl *Map, res core.Resource) error {
	props, _ := decl.Get("Properties").(*Map)
	what := res.LogicalID + " (" + nestedStack + ")"
	if err := props.orEmpty().only(what, "TemplateURL", "Parameters", "Tags", "TimeoutInMinutes", "NotificationARNs"); err != nil {
		return err
	}
	url, ok := res.Properties["TemplateURL"].(string)
	if !ok || strings.Contains(url, "://") {
		return decl.Pos.Errorf("%s: TemplateURL must be a local path", what)
	}
	params := map[string]string{}
	given, _ := res.Properties["Parameters"].(map[string]any)
	for name, v := range given {
		if params[name], ok = scalar(v); !ok {
			return props.at("Parameters").Errorf("%s: the parameter %s must be a string", what, name)
		}
	}
	nested, err := r.deploy(ctx, request{file: filepath.Join(filepath.Dir(r.file), url), name: r.name + "-" + res.LogicalID,
		region: r.region, params: params, from: decl.Pos, above: r.above})
	if err != nil {
		return err
	}
	p := core.Physical{Ref: nested.ID, Attrs: map[string]any{}}
	for name, v := range nested.Outputs {
		p.Attrs["Outputs."+name] = v
	}
	r.done(res, p, nested)
	return nil
}

package world

import (
	"context"
	"maps"
	"path/filepath"
	"strings"

	"twofold/local/core"
	"twofold/local/template"
)

// deploy deploys every environment of the stage in the order of samconfig.toml.
func (w *World) deploy(ctx context.Context, deployments []template.Deployment) error {
	if p := w.opts.prepared; p != nil && p.steps != nil {
		return p.replay(ctx, w)
	}
	d := template.NewDeployer(w.provisioner(), nil)
	for _, in := range deployments {
		in.Parameters = w.parameters(in)
		stack, err := d.Deploy(ctx, in)
		if err != nil {
			return err
		}
		w.stacks = append(w.stacks, stack)
	}
	return nil
}

// parameters puts the addresses of the stand-ins, and what the caller wants otherwise, in the place of samconfig's.
func (w *World) parameters(in template.Deployment) map[string]string {
	out := maps.Clone(in.Parameters)
	replace := map[string]string{
		"StripeApiBase": w.bases[hostStripe], "CarrierApiBase": w.bases[hostCarrier],
		"JwtIssuer": w.bases[hostIssuer], "JwksUrl": w.bases[hostIssuer] + "/.well-known/jwks.json",
	}
	maps.Copy(replace, w.opts.Overrides)
	for k, v := range replace {
		if _, declared := out[k]; declared {
			out[k] = v
		}
	}
	return out
}

// provision gives a resource to the service that runs its type.
func (w *World) provision(ctx context.Context, r core.Resource) (core.Physical, error) {
	if strings.HasPrefix(r.Type, "Custom::") || r.Type == "AWS::CloudFormation::CustomResource" {
		return w.custom(ctx, r)
	}
	if why := inertTypes[r.Type]; why != "" {
		w.inert[r.Type+": "+why]++
		return inertPhysical(r), nil
	}
	for _, name := range []string{r.Type, r.Type[:strings.LastIndex(r.Type, "::")+2]} {
		if p := w.svc.provisioners[name]; p != nil {
			made, err := p.Provision(ctx, r)
			if err == nil && r.Type == "AWS::SecretsManager::Secret" {
				err = w.fill(r, made.Ref)
			}
			return made, err
		}
	}
	return core.Physical{}, r.Errorf("the local cloud does not run this type of resource")
}

// fill puts the keys of the stand-ins into the stage's secrets, unless they have some, as an operator does in an account after the keys' stack.
func (w *World) fill(r core.Resource, arn string) error {
	name, _ := r.Properties["Name"].(string)
	keys := map[string]string{"stripe": stripeKey, "stripe-webhook": stripeWebhookSecret, "carrier": carrierKey, "carrier-webhook": carrierWebhookSecret}
	if key, ours := keys[strings.TrimPrefix(name, "twofold/"+w.opts.Stage+"/")]; ours {
		return w.svc.secrets.Fill(r.Region, arn, key)
	}
	return nil
}

// inertTypes change nothing on one machine, and why.
var inertTypes = map[string]string{
	"AWS::Logs::LogGroup":                      "logs are kept by the local cloud",
	"AWS::ApiGateway::Account":                 "there are no access logs to CloudWatch",
	"AWS::CloudFormation::WaitConditionHandle": "used as an empty stack",
	"AWS::KMS::Key":                            "nothing is encrypted at rest",
	"AWS::KMS::Alias":                          "nothing is encrypted at rest",
	"AWS::SNS::Topic":                          "alarms tell the journal",
	"AWS::SNS::Subscription":                   "alarms tell the journal",
	"AWS::CloudWatch::Dashboard":               "nobody looks",
	"AWS::XRay::SamplingRule":                  "nothing is traced",
	"AWS::ApiGateway::DomainName":              "each region has an address of its own",
	"AWS::ApiGateway::BasePathMapping":         "each region has an address of its own",
	"AWS::Route53::RecordSet":                  "each region has an address of its own; twofold/local/edge computes what DNS would do",
	"AWS::Route53::HealthCheck":                "twofold/local/edge computes what DNS would do",
	"AWS::WAFv2::WebACL":                       "there are no strangers on one machine",
	"AWS::WAFv2::WebACLAssociation":            "there are no strangers on one machine",
}

// inertPhysical answers what a template may ask of an inert resource.
func inertPhysical(r core.Resource) core.Physical {
	name := r.PhysicalName()
	for _, key := range []string{"AliasName", "DomainName", "TopicName", "LogGroupName", "RuleName"} {
		if given, ok := r.Properties[key].(string); ok {
			name = given
		}
	}
	arn := core.ARN(strings.ToLower(strings.Split(r.Type, "::")[1]), r.Region, name)
	ref := name
	if r.Type == "AWS::SNS::Topic" {
		ref = arn
	}
	return core.Physical{Ref: ref, Attrs: map[string]any{"Arn": arn, "KeyId": name, "TopicArn": arn, "HealthCheckId": name,
		"RegionalDomainName": "d-local.execute-api." + r.Region + ".amazonaws.com", "RegionalHostedZoneId": "local"}}
}

// folder is the name of a function's folder in functions/, which SAM's CodeUri names.
func folder(r core.Resource) (string, error) {
	code, _ := r.Properties["Code"].(string)
	in, _ := r.Metadata[template.MetadataFolder].(string)
	if code == "" {
		return "", r.Errorf("its Code is not a local path")
	}
	return filepath.Base(filepath.Join(in, code)), nil
}

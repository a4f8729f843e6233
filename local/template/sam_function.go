package template

import "strings"

const (
	basicExecution = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
	sqsExecution   = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
	xrayWrite      = "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"
)

// function transforms AWS::Serverless::Function.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html.
func (s *sam) function(r *samResource) error {
	tags, err := r.takeMap("Tags")
	if err != nil {
		return err
	}
	f := &function{sam: s, samResource: r, tags: tagList(r.Pos, "lambda:createdBy", tags)}
	props, err := f.properties()
	if err != nil {
		return err
	}
	target, err := f.publish(props)
	if err != nil {
		return err
	}
	if err := f.eventInvoke(); err != nil {
		return err
	}
	if err := f.events(target); err != nil {
		return err
	}
	return f.role()
}

// function is one AWS::Serverless::Function and what is gathered for its role.
type function struct {
	*sam
	*samResource
	tags      []any
	alias     string // its name, "" without one
	managed   []any  // managed policies that SAM adds
	ownRole   bool   // the template gives a role
	documents []any  // inline policies that SAM adds
	byEvents  []any  // managed policies that event sources add, after the template's own
}

func (f *function) properties() (*Map, error) {
	props := f.copy(&Map{Pos: f.Pos}, "FunctionName", "Description", "Handler", "Runtime", "Architectures",
		"MemorySize", "Timeout", "Environment", "ReservedConcurrentExecutions", "EphemeralStorage", "KmsKeyArn",
		"LoggingConfig", "RuntimeManagementConfig", "RecursiveLoop")
	code, err := f.path("CodeUri")
	if err != nil {
		return nil, err
	}
	if code == "" {
		return nil, f.errorf("CodeUri", "CodeUri, a local path, is missing")
	}
	props.Set("Code", code)
	props.Set("Tags", f.tags)
	if err := f.tracing(props); err != nil {
		return nil, err
	}
	if err := f.deadLetter(props); err != nil {
		return nil, err
	}
	role := f.take("Role")
	if c, ok := role.(*Intrinsic); ok && c.Name == "Fn::If" {
		return nil, f.errorf("Role", "Fn::If as Role is not transformed")
	}
	if f.ownRole = role != nil; !f.ownRole {
		role = getAtt(f.Pos, f.id+"Role", "Arn")
	}
	props.Set("Role", role)
	return props, f.main(f.samResource, "AWS::Lambda::Function", props)
}

func (f *function) tracing(props *Map) error {
	switch mode := f.param(f.take("Tracing")); mode {
	case nil, "Disabled":
	case "Active", "PassThrough":
		props.Set("TracingConfig", object(f.at("Tracing"), "Mode", mode))
		f.managed = append(f.managed, xrayWrite)
	default:
		return f.errorf("Tracing", "Tracing must be Active, PassThrough or Disabled")
	}
	return nil
}

var sendActions = map[any]string{"SQS": "sqs:SendMessage", "SNS": "sns:Publish",
	"Lambda": "lambda:InvokeFunction", "EventBridge": "events:PutEvents"}

func (f *function) deadLetter(props *Map) error {
	dlq, err := f.takeMap("DeadLetterQueue")
	if err != nil || dlq == nil {
		return err
	}
	if err := dlq.only(f.what+": DeadLetterQueue", "Type", "TargetArn"); err != nil {
		return err
	}
	kind, arn := dlq.Get("Type"), dlq.Get("TargetArn")
	if (kind != "SQS" && kind != "SNS") || arn == nil {
		return f.errorf("DeadLetterQueue", "DeadLetterQueue needs Type SQS or SNS, and TargetArn")
	}
	props.Set("DeadLetterConfig", object(dlq.Pos, "TargetArn", arn))
	doc := object(dlq.Pos, "Version", "2012-10-17", "Statement", []any{allow(dlq.Pos, sendActions[kind], arn)})
	f.documents = append(f.documents, policy(dlq.Pos, "DeadLetterQueuePolicy", doc))
	return nil
}

// publish generates version and alias, and says what events call.
func (f *function) publish(props *Map) (eventTarget, error) {
	t := eventTarget{arn: getAtt(f.Pos, f.id, "Arn"), function: refTo(f.Pos, f.id), suffix: "LambdaTarget",
		action: "lambda:InvokeFunction", policy: "LambdaPolicy"}
	name := f.param(f.take("AutoPublishAlias"))
	if name == nil {
		for _, key := range []string{"DeploymentPreference", "ProvisionedConcurrencyConfig", "VersionDescription", "AutoPublishCodeSha256"} {
			if f.Get(key) != nil {
				return t, f.errorf(key, "%s needs AutoPublishAlias", key)
			}
		}
		return t, nil
	}
	alias, ok := name.(string)
	if !ok {
		return t, f.errorf("AutoPublishAlias", "AutoPublishAlias must be a string or a parameter")
	}
	f.alias = alias
	aliasID := f.id + "Alias" + strings.NewReplacer("-", "D", "_", "U").Replace(alias)
	versionID, err := f.version(props)
	if err != nil {
		return t, err
	}
	f.generated[f.id+".Alias"], f.generated[f.id+".Version"] = aliasID, versionID
	update, err := f.deploymentPreference(f.samResource)
	if err != nil {
		return t, err
	}
	aliasProps := object(f.at("AutoPublishAlias"), "FunctionName", refTo(f.Pos, f.id),
		"FunctionVersion", getAtt(f.Pos, versionID, "Version"), "Name", alias)
	f.copy(aliasProps, "ProvisionedConcurrencyConfig")
	t.arn, t.function = refTo(f.Pos, aliasID), refTo(f.Pos, aliasID)
	return t, f.derived(f.samResource, aliasID, "AWS::Lambda::Alias", aliasProps, "UpdatePolicy", update)
}

// version generates the version, whose id changes with code, environment and memory as they
// are written: a parameter's value does not count.
func (f *function) version(props *Map) (string, error) {
	suffix, err := f.release(props)
	if err != nil {
		return "", err
	}
	if suffix == "" {
		suffix, err = digest(object(f.Pos, "Code", props.Get("Code"), "Environment", props.Get("Environment"),
			"MemorySize", props.Get("MemorySize")))
	}
	if err != nil {
		return "", err
	}
	id := f.id + "Version" + suffix[:min(10, len(suffix))]
	p := object(f.Pos, "FunctionName", refTo(f.Pos, f.id), "Description", f.take("VersionDescription"))
	return id, f.derived(f.samResource, id, "AWS::Lambda::Version", p, "DeletionPolicy", "Retain")
}

// release is AutoPublishCodeSha256, which alone decides about the version's id when it is
// given; SAM appends it to the description, for Lambda publishes nothing that has not changed.
func (f *function) release(props *Map) (string, error) {
	given := f.param(f.take("AutoPublishCodeSha256"))
	if given == nil {
		return "", nil
	}
	text, ok := given.(string)
	if !ok {
		return "", f.errorf("AutoPublishCodeSha256", "AutoPublishCodeSha256 must be a string or a parameter")
	}
	switch old := f.param(props.Get("Description")).(type) {
	case nil:
		props.Set("Description", text)
	case string:
		props.Set("Description", old+" "+text)
	default:
		props.Set("Description", &Intrinsic{Name: "Fn::Join", Arg: []any{" ", []any{old, text}}, Pos: f.Pos})
	}
	return text, nil
}

// eventInvoke generates what becomes of asynchronous invocations, and the rights it needs.
func (f *function) eventInvoke() error {
	config, err := f.takeMap("EventInvokeConfig")
	if err != nil || config == nil {
		return err
	}
	b := newBag(f.what+": EventInvokeConfig", config)
	props := b.copy(object(config.Pos, "FunctionName", refTo(f.Pos, f.id)), "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
	destinations, err := b.takeMap("DestinationConfig")
	if err != nil {
		return err
	}
	out, err := f.destinations(destinations.orEmpty())
	if err != nil {
		return err
	}
	props.Set("DestinationConfig", out)
	qualifier, attributes := "$LATEST", []any{"Metadata", f.decl.Get("Metadata")}
	if f.alias != "" {
		qualifier = f.alias
		attributes = append(attributes, "DependsOn", []any{f.generated[f.id+".Alias"]})
	}
	props.Set("Qualifier", qualifier)
	if err := f.derived(f.samResource, f.id+"EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", props, attributes...); err != nil {
		return err
	}
	return b.done()
}

func (f *function) destinations(m *Map) (*Map, error) {
	if err := m.only(f.what+": DestinationConfig", "OnSuccess", "OnFailure"); err != nil {
		return nil, err
	}
	out := &Map{Pos: m.Pos}
	for _, field := range m.Fields {
		d, err := asMap(field.Value, field.Pos, f.what+": "+field.Key)
		if err != nil {
			return nil, err
		}
		if err := d.only(f.what+": "+field.Key, "Type", "Destination"); err != nil {
			return nil, err
		}
		kind, arn := d.Get("Type"), d.Get("Destination")
		if sendActions[kind] == "" || arn == nil {
			return nil, field.Pos.Errorf("%s: %s needs a Type (SQS, SNS, Lambda, EventBridge) and a Destination", f.what, field.Key)
		}
		out.Set(field.Key, object(field.Pos, "Destination", arn))
		doc := object(field.Pos, "Statement", []any{allow(field.Pos, sendActions[kind], arn)})
		name := f.id + "EventInvokeConfig" + field.Key + kind.(string) + "Policy"
		f.documents = append(f.documents, policy(field.Pos, name, doc))
	}
	return out, nil
}

// role generates the execution role, unless the template gives one.
func (f *function) role() error {
	if f.ownRole {
		for _, key := range []string{"Policies", "AssumeRolePolicyDocument", "RolePath", "PermissionsBoundary"} {
			if f.Get(key) != nil {
				return f.errorf(key, "%s has no effect beside Role", key)
			}
		}
		return nil
	}
	assume := f.take("AssumeRolePolicyDocument")
	if assume == nil {
		assume = assumedBy(f.Pos, "lambda.amazonaws.com")
	}
	return f.executionRole(f.samResource, roleParts{assume: assume, managed: append([]any{basicExecution}, f.managed...),
		documents: f.documents, after: f.byEvents, tags: f.tags})
}

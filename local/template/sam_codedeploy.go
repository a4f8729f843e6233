package template

// shift is a function whose new versions CodeDeploy shifts traffic to.
type shift struct {
	r          *samResource
	preference *bag
}

const deploymentApplication = "ServerlessDeploymentApplication"

// predefined are the configurations of Lambda's that SAM knows by their short name.
var predefined = []string{"AllAtOnce", "Canary10Percent5Minutes", "Canary10Percent10Minutes",
	"Canary10Percent15Minutes", "Canary10Percent30Minutes", "Linear10PercentEvery1Minute",
	"Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes"}

// deploymentPreference reads DeploymentPreference and gives the alias's UpdatePolicy, nil without one.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-deploymentpreference.html.
func (s *sam) deploymentPreference(r *samResource) (any, error) {
	m, err := r.takeMap("DeploymentPreference")
	if err != nil || m == nil {
		return nil, err
	}
	b := newBag(r.what+": DeploymentPreference", m)
	switch enabled := s.param(b.take("Enabled")); enabled {
	case nil, true, "true", "True":
	case false, "false", "False":
		return nil, nil
	default:
		return nil, b.errorf("Enabled", "Enabled must be true, false or a parameter")
	}
	hooks, err := b.takeMap("Hooks")
	if err != nil {
		return nil, err
	}
	if err := hooks.orEmpty().only(b.what+": Hooks", "PreTraffic", "PostTraffic"); err != nil {
		return nil, err
	}
	s.shifted = append(s.shifted, shift{r, b})
	update := object(m.Pos, "ApplicationName", refTo(m.Pos, deploymentApplication),
		"DeploymentGroupName", refTo(m.Pos, r.id+"DeploymentGroup"),
		"BeforeAllowTrafficHook", hooks.orEmpty().Get("PreTraffic"),
		"AfterAllowTrafficHook", hooks.orEmpty().Get("PostTraffic"))
	return object(m.Pos, "CodeDeployLambdaAliasUpdate", update), nil
}

// codeDeploy generates the application, the service role if a function gives none, and a
// deployment group for each function.
func (s *sam) codeDeploy() error {
	if len(s.shifted) == 0 {
		return nil
	}
	pos := s.shifted[0].preference.Pos
	app := object(pos, "Type", "AWS::CodeDeploy::Application", "Properties", object(pos, "ComputePlatform", "Lambda"))
	if err := s.add(deploymentApplication, app); err != nil {
		return err
	}
	ownRole := false
	for _, d := range s.shifted {
		role := d.preference.take("Role")
		if role == nil {
			ownRole, role = true, getAtt(d.preference.Pos, "CodeDeployServiceRole", "Arn")
		}
		if err := s.deploymentGroup(d, role); err != nil {
			return err
		}
	}
	if !ownRole {
		return nil
	}
	props := object(pos, "AssumeRolePolicyDocument", assumedBy(pos, "codedeploy.amazonaws.com"),
		"ManagedPolicyArns", []any{"arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"})
	return s.add("CodeDeployServiceRole", object(pos, "Type", "AWS::IAM::Role", "Properties", props))
}

func (s *sam) deploymentGroup(d shift, role any) error {
	b, pos := d.preference, d.preference.Pos
	kind, err := b.need("Type")
	if err != nil {
		return err
	}
	config, err := s.deploymentConfig(b, kind)
	if err != nil {
		return err
	}
	events := []any{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}
	props := object(pos, "ApplicationName", refTo(pos, deploymentApplication),
		"AutoRollbackConfiguration", object(pos, "Enabled", true, "Events", events),
		"DeploymentConfigName", config,
		"DeploymentStyle", object(pos, "DeploymentType", "BLUE_GREEN", "DeploymentOption", "WITH_TRAFFIC_CONTROL"),
		"ServiceRoleArn", role, "TriggerConfigurations", b.take("TriggerConfigurations"))
	alarms, err := alarmConfiguration(b, b.take("Alarms"))
	if err != nil {
		return err
	}
	props.Set("AlarmConfiguration", alarms)
	if err := s.add(d.r.id+"DeploymentGroup", object(pos, "Type", "AWS::CodeDeploy::DeploymentGroup", "Properties", props)); err != nil {
		return err
	}
	return b.done()
}

// alarmConfiguration is that of a list of alarms, which may be chosen by Fn::If; nil for none.
func alarmConfiguration(b *bag, alarms any) (any, error) {
	switch alarms := alarms.(type) {
	case nil:
		return nil, nil
	case []any:
		if c, ok := first(alarms).(*Intrinsic); ok && c.Name == "Ref" && c.Arg == "AWS::NoValue" || len(alarms) == 0 {
			return &Map{Pos: b.Pos}, nil
		}
		names := make([]any, 0, len(alarms))
		for _, a := range alarms {
			names = append(names, object(b.Pos, "Name", a))
		}
		return object(b.Pos, "Enabled", true, "Alarms", names), nil
	case *Intrinsic:
		args, ok := alarms.Arg.([]any)
		if alarms.Name != "Fn::If" || !ok || len(args) != 3 {
			break
		}
		yes, err := alarmConfiguration(b, args[1])
		if err != nil {
			return nil, err
		}
		no, err := alarmConfiguration(b, args[2])
		return &Intrinsic{Name: "Fn::If", Arg: []any{args[0], yes, no}, Pos: alarms.Pos}, err
	}
	return nil, b.errorf("Alarms", "Alarms must be a list, or Fn::If of two")
}

func first(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// deploymentConfig is the CodeDeploy configuration of a type, which may be chosen by a
// parameter or by Fn::If.
func (s *sam) deploymentConfig(b *bag, kind any) (any, error) {
	switch kind := s.param(kind).(type) {
	case string:
		if contains(predefined, kind) {
			return sub(b.at("Type"), "CodeDeployDefault.Lambda${ConfigName}", object(b.at("Type"), "ConfigName", kind)), nil
		}
		return kind, nil // a configuration of one's own
	case *Intrinsic:
		args, ok := kind.Arg.([]any)
		if kind.Name != "Fn::If" || !ok || len(args) != 3 {
			break
		}
		yes, err := s.deploymentConfig(b, args[1])
		if err != nil {
			return nil, err
		}
		no, err := s.deploymentConfig(b, args[2])
		return &Intrinsic{Name: "Fn::If", Arg: []any{args[0], yes, no}, Pos: kind.Pos}, err
	}
	return nil, b.errorf("Type", "Type must be a string, a parameter or Fn::If")
}

// orEmpty is m, or an empty Map for nil.
func (m *Map) orEmpty() *Map {
	if m == nil {
		return &Map{}
	}
	return m
}

package template

import "strings"

// schedule generates the AWS::Scheduler::Schedule of ScheduleV2, with its role unless one is given.
func (e *event) schedule() error {
	expression, err := e.need("ScheduleExpression")
	if err != nil {
		return err
	}
	props := e.copy(object(e.Pos, "ScheduleExpression", expression), "ScheduleExpressionTimezone", "State",
		"Description", "StartDate", "EndDate", "GroupName", "KmsKeyArn")
	if err := e.scheduleName(props); err != nil {
		return err
	}
	window := e.take("FlexibleTimeWindow")
	if window == nil {
		window = object(e.Pos, "Mode", "OFF")
	}
	props.Set("FlexibleTimeWindow", window)
	dlq, err := e.deadLetter()
	if err != nil {
		return err
	}
	target := e.copy(object(e.Pos, "Arn", e.target.arn), "Input", "RetryPolicy")
	if dlq != nil {
		target.Set("DeadLetterConfig", object(e.Pos, "Arn", dlq))
	}
	role := e.take("RoleArn")
	if role == nil {
		role = getAtt(e.Pos, e.id+"Role", "Arn")
		if err := e.scheduleRole(dlq); err != nil {
			return err
		}
	}
	target.Set("RoleArn", role)
	props.Set("Target", target)
	return e.derived(e.r, e.id, "AWS::Scheduler::Schedule", props)
}

func (e *event) scheduleName(props *Map) error {
	name, omit := e.take("Name"), e.take("OmitName") == true
	if omit && name != nil {
		return e.errorf("OmitName", "OmitName cannot stand beside Name")
	}
	if name == nil && !omit {
		name = e.id
	}
	props.Set("Name", name)
	return nil
}

func (e *event) scheduleRole(dlq any) error {
	document := func(action string, arn any) *Map {
		return object(e.Pos, "Statement", []any{allow(e.Pos, action, arn)})
	}
	policies := []any{policy(e.Pos, e.id+e.target.policy, document(e.target.action, e.target.arn))}
	if dlq != nil {
		policies = append(policies, policy(e.Pos, e.id+"SQSPolicy", document("sqs:SendMessage", dlq)))
	}
	boundary := e.take("PermissionsBoundary")
	return e.derived(e.r, e.id+"Role", "AWS::IAM::Role", object(e.Pos,
		"AssumeRolePolicyDocument", assumedBy(e.Pos, "scheduler.amazonaws.com"),
		"Policies", policies, "PermissionsBoundary", boundary))
}

// api generates the permission of an Api event. Path and method must be served by the
// API's own definition: SAM adds no integration to a definition that is written out.
func (e *event) api() error {
	for _, key := range []string{"Path", "Method"} {
		if _, err := e.text(key, e.what); err != nil {
			return err
		}
		if _, err := e.need(key); err != nil {
			return err
		}
	}
	apiID, err := e.need("RestApiId")
	if err != nil {
		return err
	}
	stage, err := e.stageSuffix(apiID)
	if err != nil {
		return err
	}
	method := strings.ToUpper(e.Get("Method").(string))
	if method == "ANY" {
		method = "*"
	}
	path := permissionPath(e.Get("Path").(string))
	source := sub(e.Pos, "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/"+method+path,
		object(e.Pos, "__ApiId__", apiID, "__Stage__", "*"))
	return e.permission(e.id+"Permission"+stage, "apigateway.amazonaws.com", source)
}

// stageSuffix is how the permission's logical id ends: the API's stage name, if that is written out.
func (e *event) stageSuffix(apiID any) (string, error) {
	var id string
	if c, ok := apiID.(*Intrinsic); ok && c.Name == "Ref" {
		id, _ = c.Arg.(string)
	}
	decl := e.t.resource(id)
	if decl == nil || decl.Get("Type") != "AWS::Serverless::Api" {
		return "", e.errorf("RestApiId", "RestApiId must be a Ref to an AWS::Serverless::Api of this template")
	}
	props, _ := decl.Get("Properties").(*Map)
	name, ok := props.orEmpty().Get("StageName").(string)
	switch {
	case !ok:
		return "Stage", nil
	case alphanumeric(name):
		return name, nil
	}
	return textHash(name), nil
}

// permissionPath is a path as a permission's ARN has it: {parameters} are *, no slash at the end.
func permissionPath(path string) string {
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
			segments[i] = "*"
		}
	}
	return strings.Join(segments, "/")
}

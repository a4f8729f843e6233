package template

// eventTarget is what an event source calls: a function, its alias, or a state machine.
type eventTarget struct {
	arn      any
	function any    // FunctionName of permissions and mappings; nil for a state machine
	suffix   string // of a rule target's Id
	action   string // what a role of the event source must allow
	policy   string // suffix of that policy's name in a schedule's role
	boundary any    // permissions boundary of such roles
}

// event is one entry of Events.
type event struct {
	*sam
	*bag
	r      *samResource
	id     string // logical id of what is generated: resource and event name
	kind   string
	target eventTarget
}

// eachEvent runs over the Events of a resource, in file order.
func (s *sam) eachEvent(r *samResource, target eventTarget, run func(*event) error) error {
	events, err := r.takeMap("Events")
	if err != nil {
		return err
	}
	for _, f := range events.orEmpty().Fields {
		what := r.what + ": " + f.Key
		decl, err := asMap(f.Value, f.Pos, what)
		if err != nil {
			return err
		}
		if err := decl.only(what, "Type", "Properties"); err != nil {
			return err
		}
		props, err := decl.mapField("Properties", what)
		if err != nil {
			return err
		}
		if props == nil {
			props = &Map{Pos: f.Pos}
		}
		kind, err := decl.text("Type", what)
		if err != nil {
			return err
		}
		e := &event{sam: s, bag: newBag(what+" ("+kind+")", props), r: r, id: r.id + f.Key, kind: kind, target: target}
		if err := run(e); err != nil {
			return err
		}
		if err := e.done(); err != nil {
			return err
		}
	}
	return nil
}

// events generates the event sources of a function.
func (f *function) events(target eventTarget) error {
	return f.eachEvent(f.samResource, target, func(e *event) error {
		switch e.kind {
		case "SQS":
			f.byEvents = append(f.byEvents, sqsExecution)
			return e.queue()
		case "Schedule", "EventBridgeRule", "CloudWatchEvent":
			if err := e.rule(nil); err != nil {
				return err
			}
			return e.permission(e.id+"Permission", "events.amazonaws.com", getAtt(e.Pos, e.id, "Arn"))
		case "ScheduleV2":
			return e.schedule()
		case "Api":
			return e.api()
		}
		return e.Pos.Errorf("%s: the event type is not transformed", e.what)
	})
}

func (e *event) queue() error {
	source, err := e.need("Queue")
	if err != nil {
		return err
	}
	props := e.copy(object(e.Pos, "EventSourceArn", source, "FunctionName", e.target.function), "BatchSize", "Enabled",
		"MaximumBatchingWindowInSeconds", "FilterCriteria", "FunctionResponseTypes", "ScalingConfig", "KmsKeyArn")
	return e.derived(e.r, e.id, "AWS::Lambda::EventSourceMapping", props)
}

// permission lets a service invoke the function.
func (e *event) permission(id, principal string, source any) error {
	return e.derived(e.r, id, "AWS::Lambda::Permission", object(e.Pos, "Action", "lambda:InvokeFunction",
		"FunctionName", e.target.function, "Principal", principal, "SourceArn", source))
}

// rule generates the rule of Schedule and EventBridgeRule; role is what EventBridge acts
// as, nil where a permission does.
func (e *event) rule(role any) error {
	props := &Map{Pos: e.Pos}
	if e.kind == "Schedule" {
		expression, err := e.need("Schedule")
		if err != nil {
			return err
		}
		props.Set("ScheduleExpression", expression)
		e.copy(props, "Name", "Description")
	} else {
		e.copy(props, "EventBusName")
		props.Set("EventPattern", e.take("Pattern"))
		props.Set("Name", e.take("RuleName"))
	}
	if err := e.state(props); err != nil {
		return err
	}
	dlq, err := e.deadLetter()
	if err != nil {
		return err
	}
	target, err := e.ruleTarget(role, dlq)
	if err != nil {
		return err
	}
	props.Set("Targets", []any{target})
	return e.derived(e.r, e.id, "AWS::Events::Rule", props)
}

func (e *event) state(props *Map) error {
	state, enabled := e.take("State"), e.param(e.take("Enabled"))
	switch enabled {
	case nil:
	case true, "true":
		state = "ENABLED"
	case false, "false":
		state = "DISABLED"
	default:
		return e.errorf("Enabled", "Enabled must be true, false or a parameter")
	}
	if e.Get("State") != nil && enabled != nil {
		return e.errorf("State", "State and Enabled cannot both stand")
	}
	props.Set("State", state)
	return nil
}

func (e *event) ruleTarget(role, dlq any) (*Map, error) {
	target := object(e.Pos, "Arn", e.target.arn, "Id", targetID(e.id, e.target.suffix), "RoleArn", role)
	e.copy(target, "Input", "RetryPolicy")
	if e.kind != "Schedule" {
		e.copy(target, "InputPath", "InputTransformer")
		own, err := e.takeMap("Target")
		if err != nil {
			return nil, err
		}
		if err := own.orEmpty().only(e.what+": Target", "Id"); err != nil {
			return nil, err
		}
		target.Set("Id", own.orEmpty().Get("Id"))
	}
	if dlq != nil {
		target.Set("DeadLetterConfig", object(e.Pos, "Arn", dlq))
	}
	return target, nil
}

// targetID keeps within the 64 characters of a target id.
func targetID(id, suffix string) string {
	if most := 64 - len(suffix); len(id) > most {
		id = id[:most]
	}
	return id + suffix
}

// deadLetter gives the ARN of DeadLetterConfig, nil without one; Type: SQS generates the queue.
func (e *event) deadLetter() (any, error) {
	m, err := e.takeMap("DeadLetterConfig")
	if err != nil || m == nil {
		return nil, err
	}
	b := newBag(e.what+": DeadLetterConfig", m)
	arn, kind, name := b.take("Arn"), b.take("Type"), b.take("QueueLogicalId")
	switch {
	case arn != nil && kind == nil && name == nil:
		return arn, b.done()
	case arn != nil || kind != "SQS":
		return nil, b.Pos.Errorf("%s: give either Arn or Type: SQS", b.what)
	}
	id, ok := name.(string)
	if name == nil {
		id = e.id + "Queue"
	} else if !ok {
		return nil, b.errorf("QueueLogicalId", "QueueLogicalId must be a plain string")
	}
	arn = getAtt(m.Pos, id, "Arn")
	if err := e.derived(e.r, id, "AWS::SQS::Queue", &Map{Pos: m.Pos}); err != nil {
		return nil, err
	}
	if e.kind != "ScheduleV2" {
		if err := e.queuePolicy(id, arn); err != nil {
			return nil, err
		}
	}
	return arn, b.done()
}

// queuePolicy lets the rule send to its generated dead-letter queue.
func (e *event) queuePolicy(queue string, arn any) error {
	statement := allow(e.Pos, "sqs:SendMessage", arn)
	statement.Set("Principal", object(e.Pos, "Service", "events.amazonaws.com"))
	statement.Set("Condition", object(e.Pos, "ArnEquals", object(e.Pos, "aws:SourceArn", getAtt(e.Pos, e.id, "Arn"))))
	doc := object(e.Pos, "Version", "2012-10-17", "Statement", []any{statement})
	return e.derived(e.r, e.id+"QueuePolicy", "AWS::SQS::QueuePolicy",
		object(e.Pos, "PolicyDocument", doc, "Queues", []any{refTo(e.Pos, queue)}))
}

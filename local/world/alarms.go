package world

import (
	"net/http"
	"strings"

	"twofold/local/apigateway"
	"twofold/local/cloudwatch"
	"twofold/local/core"
	"twofold/local/lambda"
	"twofold/local/states"
)

// newAlarms makes CloudWatch and brings it what AWS's services report to it. A simulated world that does not ask for alarms has none of the work.
func (w *World) newAlarms() *cloudwatch.Service {
	off := w.sim != nil && !w.opts.Alarms
	cw := cloudwatch.New(w.ctx, w.cloud, cloudwatch.Options{Off: off, Speed: w.opts.Speed, Sample: w.sampleQueues})
	if !off {
		w.cloud.Journal.Tap(func(e core.Entry) { measureEntry(cw, e) })
	}
	return cw
}

// observe sets up what services tell of single requests.
func (w *World) observe() {
	if w.sim != nil && !w.opts.Alarms {
		return
	}
	w.svc.apis.Observe(func(s apigateway.Served) { measureAPI(w.svc.cloudwatch, s) })
}

func (w *World) observeFunction(o lambda.Observed) {
	cw := w.svc.cloudwatch
	if cw == nil || w.sim != nil && !w.opts.Alarms {
		return
	}
	values := map[string]float64{"Throttles": count(o.Throttled)}
	if !o.Throttled {
		values["Errors"], values["Invocations"], values["Duration"] = count(o.Errored), 1, float64(o.Duration.Milliseconds())
	}
	for _, d := range functionDimensions(o) {
		for name, v := range values {
			cw.Put(o.Region, "AWS/Lambda", name, d, v)
		}
	}
}

// functionDimensions are those under which Lambda reports an invocation
// (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html).
func functionDimensions(o lambda.Observed) []map[string]string {
	out := []map[string]string{{}, {"FunctionName": o.Function}}
	if o.Qualifier == "" {
		return out
	}
	resource := o.Function + ":" + o.Qualifier
	return append(out, map[string]string{"FunctionName": o.Function, "Resource": resource},
		map[string]string{"FunctionName": o.Function, "Resource": resource, "ExecutedVersion": o.Version})
}

func count(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// measureEntry takes metrics from the journal: it runs under the journal's lock.
func measureEntry(cw *cloudwatch.Service, e core.Entry) {
	switch e.Kind {
	case core.KindFunctionLog:
		cw.TakeLog(e.Region, e.Detail)
	case core.KindExecution:
		ended, ok := e.Data.(states.Ended)
		if !ok {
			return
		}
		machine := map[string]string{"StateMachineArn": core.ARN("states", e.Region, "stateMachine:"+ended.Machine)}
		for name, is := range map[string]string{"ExecutionsSucceeded": "SUCCEEDED", "ExecutionsFailed": "FAILED", "ExecutionsTimedOut": "TIMED_OUT", "ExecutionsAborted": "ABORTED"} {
			cw.Put(e.Region, "AWS/States", name, machine, count(strings.EqualFold(ended.Status, is)))
		}
	}
}

// measureAPI counts an answer for the stage, and for its method (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html).
func measureAPI(cw *cloudwatch.Service, s apigateway.Served) {
	all := []map[string]string{{"ApiName": s.API, "Stage": s.Stage}}
	if s.Method != "" {
		all = append(all, map[string]string{"ApiName": s.API, "Stage": s.Stage, "Resource": s.Resource, "Method": s.Method})
	}
	for _, d := range all {
		cw.Put(s.Region, "AWS/ApiGateway", "Count", d, 1)
		cw.Put(s.Region, "AWS/ApiGateway", "Latency", d, float64(s.Took.Milliseconds()))
		cw.Put(s.Region, "AWS/ApiGateway", "5XXError", d, count(s.Status >= http.StatusInternalServerError))
		cw.Put(s.Region, "AWS/ApiGateway", "4XXError", d, count(s.Status >= http.StatusBadRequest && s.Status < http.StatusInternalServerError))
	}
}

// sampleQueues puts what SQS measures of queues.
func (w *World) sampleQueues(region string) {
	for _, q := range w.svc.sqs.Queues() {
		if q.Region != region {
			continue
		}
		name := map[string]string{"QueueName": q.Name}
		w.svc.cloudwatch.Put(region, "AWS/SQS", "ApproximateNumberOfMessagesVisible", name, float64(q.Visible))
		w.svc.cloudwatch.Put(region, "AWS/SQS", "ApproximateAgeOfOldestMessage", name, q.Oldest.Seconds())
	}
}

// Alarms are a region's alarms by name, with their states.
func (w *World) Alarms(region string) map[string]cloudwatch.State {
	return w.svc.cloudwatch.States(region)
}

// OnAlarm calls tell after each change of an alarm's state.
func (w *World) OnAlarm(tell func(cloudwatch.Change)) { w.svc.cloudwatch.OnChange(tell) }

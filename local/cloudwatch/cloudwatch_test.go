package cloudwatch

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"twofold/local/core"
)

const region = "us-east-1"

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

type world struct {
	*Service
	sim *core.Sim
	t   *testing.T
}

func newWorld(t *testing.T) *world {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(start, faults, 1)
	cloud := core.New(sim, faults, 1)
	cloud.Journal.Keep(KindAlarm)
	return &world{Service: New(context.Background(), cloud, Options{}), sim: sim, t: t}
}

func (w *world) provision(kind string, properties map[string]any) error {
	_, err := w.Provision(context.Background(), core.Resource{Region: region, Stack: "s", LogicalID: "A", Type: "AWS::CloudWatch::" + kind, Position: "t:1", Properties: properties})
	return err
}

func (w *world) alarm(name string, more map[string]any) {
	w.t.Helper()
	p := map[string]any{"AlarmName": name, "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2,
		"ComparisonOperator": "GreaterThanThreshold", "Threshold": "2"}
	for k, v := range more {
		if p[k] = v; v == nil {
			delete(p, k)
		}
	}
	if err := w.provision("Alarm", p); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(d time.Duration) { w.sim.Run(w.cloud.Now().Add(d)) }

func (w *world) put(v float64) { w.Put(region, "N", "M", nil, v) }

func (w *world) want(name string, s State) {
	w.t.Helper()
	if got := w.States(region)[name]; got != s {
		w.t.Errorf("%s is %s, want %s", name, got, s)
	}
}

func TestAnAlarmGoesOffWhenEnoughDataPointsBreachAndComesBack(t *testing.T) {
	w := newWorld(t)
	w.alarm("a", nil)
	var seen []string
	w.OnChange(func(c Change) { seen = append(seen, string(c.To)) })
	w.put(3)
	w.run(time.Minute)
	w.want("a", OK) // one of three
	w.put(3)
	w.run(30 * time.Second)
	w.want("a", Alarm)
	w.run(10 * time.Minute)
	w.want("a", Insufficient)
	if got := strings.Join(seen, " "); got != "OK ALARM OK INSUFFICIENT_DATA" {
		t.Errorf("changes: %s", got)
	}
	if n := len(w.cloud.Journal.Entries(KindAlarm)); n != len(seen) {
		t.Errorf("the journal has %d changes of %d", n, len(seen))
	}
}

func TestMissingDataIsTreatedAsTheAlarmSays(t *testing.T) {
	for treatment, want := range map[string]State{"breaching": Alarm, "notBreaching": OK, "missing": Insufficient, "ignore": Insufficient} {
		w := newWorld(t)
		w.alarm("a", map[string]any{"TreatMissingData": treatment})
		w.run(time.Minute)
		w.want("a", want)
	}
	w := newWorld(t)
	w.alarm("a", map[string]any{"TreatMissingData": "ignore", "DatapointsToAlarm": 1})
	w.put(3)
	w.run(10 * time.Minute)
	w.want("a", Alarm) // as it was
}

func TestStatisticsAreThoseOfCloudWatch(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	want := map[string]float64{"Sum": 10, "Average": 2.5, "Minimum": 1, "Maximum": 4, "SampleCount": 4, "p50": 3, "p100": 4, "PR(:3)": 75, "PR(:0)": 0}
	for name, n := range want {
		s := series{}
		for i, v := range values {
			s.add(start.Add(time.Duration(i)*time.Second), v)
		}
		stat, err := statisticOf(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.over(start.Add(-time.Second), start.Add(time.Minute), stat); got != n || !ok {
			t.Errorf("%s is %v, want %v", name, got, n)
		}
	}
	for _, name := range []string{"", "TM(1%:9%)", "p101", "sum"} {
		if _, err := statisticOf(name); err == nil {
			t.Errorf("%q is run", name)
		}
	}
}

func TestBurnRatesAreComputedAndOneOfNothingIsNone(t *testing.T) {
	w := newWorld(t)
	math := func(name, expression string) {
		w.alarm(name, map[string]any{"Namespace": nil, "MetricName": nil, "Statistic": nil, "Period": nil, "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": 14.4,
			"TreatMissingData": "notBreaching", "Metrics": []any{
				map[string]any{"Id": "burn", "Expression": expression},
				map[string]any{"Id": "rate", "ReturnData": false, "MetricStat": map[string]any{"Period": 60, "Stat": "Average", "Metric": map[string]any{"Namespace": "N", "MetricName": "M"}}}}})
	}
	math("errors", "FILL(rate, 0) / 0.01")
	math("slow", "(1 - rate) * 100 - 0 / 1")
	w.run(30 * time.Second)
	w.want("errors", OK)
	w.want("slow", OK) // no orders, nothing slow
	w.put(1)
	w.put(0)
	w.run(20 * time.Second)
	w.want("errors", Alarm) // half fail: 50 times the budget
	w.want("slow", Alarm)
	for _, bad := range []string{"other / 2", "RATE(rate)", "rate +", "rate > 1", "(rate"} {
		err := w.provision("Alarm", map[string]any{"AlarmName": "bad", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "Metrics": []any{
			map[string]any{"Id": "x", "Expression": bad},
			map[string]any{"Id": "rate", "MetricStat": map[string]any{"Period": 60, "Stat": "Sum", "Metric": map[string]any{"Namespace": "N", "MetricName": "M"}}}}})
		if err == nil {
			t.Errorf("%q is run", bad)
		}
	}
}

func TestACompositeFollowsItsRuleAndNamesOnlyAlarmsThatExist(t *testing.T) {
	w := newWorld(t)
	w.alarm("a", map[string]any{"EvaluationPeriods": 1, "DatapointsToAlarm": 1, "TreatMissingData": "notBreaching"})
	w.alarm("b", map[string]any{"EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": 5, "TreatMissingData": "notBreaching"})
	for name, rule := range map[string]string{"both": `ALARM("a") AND ALARM("b")`, "one": `ALARM("a") OR (ALARM("b") AND FALSE)`, "well": `NOT ALARM("a") AND OK("b")`} {
		if err := w.provision("CompositeAlarm", map[string]any{"AlarmName": name, "AlarmRule": rule}); err != nil {
			t.Fatal(err)
		}
	}
	w.put(3)
	w.run(20 * time.Second)
	w.want("one", Alarm)
	w.want("both", OK)
	w.want("well", OK)
	w.run(2 * time.Minute)
	w.want("one", OK)
	w.want("well", Alarm)
	for _, rule := range []string{`ALARM("c")`, `ALARM("a") AND`, `SOME("a")`} {
		if w.provision("CompositeAlarm", map[string]any{"AlarmName": "bad", "AlarmRule": rule}) == nil {
			t.Errorf("%s is taken", rule)
		}
	}
}

func TestMetricsAreTakenFromLogLinesByTheirDimensions(t *testing.T) {
	w := newWorld(t)
	w.TakeLog(region, `{"msg":"nothing"}`)
	w.TakeLog(region, `not json "_aws":`)
	w.TakeLog(region, `{"_aws":{"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["S"],["S","R"],["gone"]],"Metrics":[{"Name":"M"},{"Name":"text"},{"Name":"absent"}]}]},"S":"order","R":"x","M":2,"text":"t"}`)
	if got := w.names(region); len(got) != 2 || got[0] != keyOf("N", "M", map[string]string{"S": "order", "R": "x"}) || got[1] != keyOf("N", "M", map[string]string{"S": "order"}) {
		t.Errorf("metrics %q", got)
	}
}

func TestALostRegionsAlarmsStandStill(t *testing.T) {
	w := newWorld(t)
	w.alarm("a", map[string]any{"TreatMissingData": "breaching"})
	w.cloud.Faults.SetRegion(region, core.Lost)
	w.run(time.Hour)
	w.want("a", Insufficient)
	w.cloud.Faults.SetRegion(region, core.Up)
	w.run(time.Minute)
	w.want("a", Alarm)
}

func TestTheAPITakesMetricsAndShowsAlarms(t *testing.T) {
	w := newWorld(t)
	w.alarm("a", map[string]any{"EvaluationPeriods": 1, "DatapointsToAlarm": 1})
	w.cloud.Register("monitoring", w.Service)
	ask := func(operation, body string) string {
		reply, err := w.cloud.Do(t.Context(), &core.Call{Region: region, Service: "monitoring", Operation: operation, Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(reply.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	ask("PutMetricData", `{"Namespace":"N","MetricData":[{"MetricName":"M","Value":7}]}`)
	w.run(20 * time.Second)
	if got := ask("DescribeAlarms", `{"StateValue":"ALARM"}`); !strings.Contains(got, `"AlarmName":"a"`) {
		t.Errorf("alarms: %s", got)
	}
	got := ask("GetMetricData", `{"StartTime":1767225540,"EndTime":1767225660,"MetricDataQueries":[{"Id":"x","MetricStat":{"Period":60,"Stat":"Sum","Metric":{"Namespace":"N","MetricName":"M"}}}]}`)
	if !strings.Contains(got, `"Values":[7]`) {
		t.Errorf("data: %s", got)
	}
}

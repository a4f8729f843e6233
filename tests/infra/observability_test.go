package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"twofold/internal/platform"
)

// usesOf are the metrics that an alarm names.
func usesOf(d declaration) []use {
	if name := d.text("MetricName"); name != "" {
		return []use{useOf(d.properties)}
	}
	var out []use
	queries, _ := d.properties["Metrics"].([]any)
	for _, q := range queries {
		stat, _ := q.(map[string]any)["MetricStat"].(map[string]any)
		if metric, ok := stat["Metric"].(map[string]any); ok {
			out = append(out, useOf(metric))
		}
	}
	return out
}

func useOf(p map[string]any) use {
	u := use{namespace: fmt.Sprint(p["Namespace"]), name: fmt.Sprint(p["MetricName"]), dimensions: map[string]string{}}
	list, _ := p["Dimensions"].([]any)
	for _, d := range list {
		pair := d.(map[string]any)
		u.dimensions[fmt.Sprint(pair["Name"])] = fmt.Sprint(pair["Value"])
	}
	return u
}

// widgets are the metrics of a dashboard by the titles of their widgets. Names that are abbreviated with dots are not used.
func widgets(body string) (map[string][]use, error) {
	var doc struct {
		Widgets []struct {
			Properties struct {
				Title   string  `json:"title"`
				Metrics [][]any `json:"metrics"`
			} `json:"properties"`
		} `json:"widgets"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		return nil, err
	}
	out := map[string][]use{}
	for _, w := range doc.Widgets {
		for _, m := range w.Properties.Metrics {
			u := use{dimensions: map[string]string{}}
			var words []string
			for _, word := range m {
				if s, ok := word.(string); ok {
					words = append(words, s)
				}
			}
			if len(words) < 2 || len(words)%2 != 0 {
				return nil, fmt.Errorf("%s: %v is no metric", w.Properties.Title, m)
			}
			u.namespace, u.name = words[0], words[1]
			for i := 2; i < len(words); i += 2 {
				u.dimensions[words[i]] = words[i+1]
			}
			out[w.Properties.Title] = append(out[w.Properties.Title], u)
		}
	}
	return out, nil
}

func alarms(ts *templates) []declaration {
	return append(ts.of("AWS::CloudWatch::Alarm"), ts.of("AWS::CloudWatch::CompositeAlarm")...)
}

func TestEveryAlarmAndWidgetNamesAMetricThatIsEmitted(t *testing.T) {
	ts, checked, looked := readTemplates(t), 0, map[string]bool{}
	check := func(where string, u use) {
		checked++
		looked[u.namespace+" "+u.name] = true
		if why := u.wrong(ts); why != "" {
			t.Errorf("%s: %s", where, why)
		}
	}
	for _, d := range ts.of("AWS::CloudWatch::Alarm") {
		uses := usesOf(d)
		if len(uses) == 0 {
			t.Errorf("%s: %s names no metric", d.file, d.id)
		}
		for _, u := range uses {
			check(d.id, u)
		}
	}
	for _, d := range ts.of("AWS::CloudWatch::Dashboard") {
		all, err := widgets(d.text("DashboardBody"))
		if err != nil || len(all) < 5 {
			t.Fatalf("%s: %d widgets, %v", d.id, len(all), err)
		}
		for title, uses := range all {
			for _, u := range uses {
				check(d.id+": "+title, u)
			}
		}
	}
	for _, m := range platform.DeclaredMetrics() {
		if !looked["Twofold/${Stage} "+m.Name] {
			t.Errorf("nobody looks at the metric %s", m.Name)
		}
	}
	if checked < 100 {
		t.Fatalf("only %d metrics are named", checked)
	}
}

func TestWhatIsMisspeltIsNamed(t *testing.T) {
	ts := readTemplates(t)
	of := func(namespace, name string, pairs ...string) use {
		u := use{namespace, name, map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			u.dimensions[pairs[i]] = pairs[i+1]
		}
		return u
	}
	for _, u := range []use{
		of("Twofold/${Stage}", "OrderPlaced", "Service", "order"), of("Twofold/${Stage}", "OrdersPlaced"), of("Twofold/${Stage}", "OrdersPlaced", "Service", "payment"),
		of("Twofold/${Stage}", "OrdersPlaced", "Service", "order", "Reason", "x"), of("AWS/SQS", "ApproximateAge", "QueueName", "twofold-${Stage}-order-prices"),
		of("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "twofold-${Stage}-order-price"), of("AWS/Lambda", "Errors", "FunctionName", "order-api"),
		of("AWS/DynamoDB", "ReplicationLatency", "TableName", "twofold-${Stage}-orders"), of("AWS/Queues", "Errors"),
	} {
		if u.wrong(ts) == "" {
			t.Errorf("%v is taken for a metric", u)
		}
	}
}

func TestEveryQueuePipeAndMachineHasItsAlarms(t *testing.T) {
	ts := readTemplates(t)
	watched := map[string]bool{}
	for _, d := range ts.of("AWS::CloudWatch::Alarm") {
		for _, u := range usesOf(d) {
			for _, v := range u.dimensions {
				watched[u.name+" "+v] = true
			}
		}
	}
	need := func(metric, name string) {
		if !watched[metric+" "+name] {
			t.Errorf("no alarm looks at %s of %s", metric, name)
		}
	}
	for _, q := range ts.of("AWS::SQS::Queue") {
		metric := "ApproximateAgeOfOldestMessage"
		if strings.HasSuffix(q.text("QueueName"), "-dead") {
			metric = "ApproximateNumberOfMessagesVisible"
		}
		need(metric, q.text("QueueName"))
	}
	for _, p := range ts.of("AWS::Pipes::Pipe") {
		need("ExecutionFailed", p.text("Name"))
	}
	for _, metric := range []string{"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"} {
		need(metric, "${OrderSagaArn}")
	}
	for _, table := range ts.of("AWS::DynamoDB::GlobalTable") {
		need("ReplicationLatency", table.text("TableName"))
	}
}

// expected are the alarms that were decided on: one that is gone is named here.
var expected = []string{"accept-availability", "accept-latency", "time-to-confirm", "sweep-lag", "sweep-failures", "takeovers", "two-region-share", "rejected-for-other-reasons",
	"dead-lettered", "checks-failed", "replication-lag", "stock-conflicts", "functions-throttled", "schedules-failing", "region-errors", "region",
	"root-used", "deletion-protection-off", "table-deleted", "key-disabled", "policy-changed", "trail-changed",
	"secrets-old", "rotation-failed"}

func TestNoAlarmIsMissingAndEachHasItsEntryInTheRunbook(t *testing.T) {
	ts, names := readTemplates(t), map[string]bool{}
	for _, d := range alarms(ts) {
		names[short(d.text("AlarmName"))] = true
	}
	for _, name := range expected {
		if !names[name] {
			t.Errorf("the alarm %s is missing", name)
		}
	}
	entries := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllStringSubmatch(read(t, "docs/operations.md"), -1) {
		entries[m[1]] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !entries[name] {
			t.Errorf("docs/operations.md has no entry for the alarm %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if !names[name] {
			t.Errorf("docs/operations.md has an entry for %s, which is no alarm", name)
		}
	}
	if len(names) < 50 {
		t.Fatalf("only %d alarms", len(names))
	}
}

func TestObjectivesAreWatchedOverTwoPairsOfWindows(t *testing.T) {
	ts := readTemplates(t)
	for _, slo := range []string{"accept-availability", "accept-latency", "time-to-confirm"} {
		for window, want := range map[string][2]string{"fast-long": {"3600", "14.4"}, "fast-short": {"300", "14.4"}, "slow-long": {"21600", "6"}, "slow-short": {"1800", "6"}} {
			found := false
			for _, d := range ts.of("AWS::CloudWatch::Alarm") {
				if short(d.text("AlarmName")) == slo+"-"+window {
					found = strings.Contains(fmt.Sprint(d.properties["Metrics"]), "Period:"+want[0]+" ") && d.text("Threshold") == want[1]
				}
			}
			if !found {
				t.Errorf("%s-%s does not look at %s s at %s times the budget", slo, window, want[0], want[1])
			}
		}
	}
	for _, d := range ts.of("AWS::CloudWatch::CompositeAlarm") {
		for _, m := range regexp.MustCompile(`ALARM\("([^"]+)"\)`).FindAllStringSubmatch(d.text("AlarmRule"), -1) {
			if !ts.named("AWS::CloudWatch::Alarm", m[1]) && !ts.named("AWS::CloudWatch::CompositeAlarm", m[1]) {
				t.Errorf("%s follows %s, which is no alarm", d.id, m[1])
			}
		}
	}
}

func TestEveryDeclaredMetricIsPutSomewhere(t *testing.T) {
	var code strings.Builder
	for _, file := range goFiles(t, "internal") {
		if file != "internal/platform/metrics.go" {
			code.WriteString(read(t, file))
		}
	}
	for _, m := range platform.DeclaredMetrics() {
		if !regexp.MustCompile(`Metric: (platform\.)?` + m.Name + `\b`).MatchString(code.String()) {
			t.Errorf("no code puts the metric %s", m.Name)
		}
	}
}

package cost

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"twofold/internal/platform"
)

// hoursOfMonth is AWS's month.
const hoursOfMonth = 730

// Fixed is something that costs by the month, whether orders come or not.
type Fixed struct {
	What    string
	Count   int // in both regions together
	Dollars float64
	Note    string
}

// Month is what all of them cost.
func (f Fixed) Month() float64 { return float64(f.Count) * f.Dollars }

// monthly are the resource types that cost by the month.
var monthly = []struct {
	kind, what string
	dollars    float64
	note       string
}{
	{"AWS::KMS::Key", "KMS keys", 1, ""},
	{"AWS::CloudWatch::Alarm", "metrics that CloudWatch alarms look at", 0.10, "some alarms look at two"},
	{"AWS::CloudWatch::CompositeAlarm", "composite alarms", 0.50, ""},
	{"AWS::CloudWatch::Dashboard", "CloudWatch dashboards", 3, "the first three of an account are free"},
	{"AWS::SecretsManager::Secret", "secrets", 0.40, ""},
	{"AWS::Route53::HealthCheck", "Route 53 health checks", 2.50, "the price of the dearest, HTTPS every 10 s; with a domain only"},
	{"AWS::WAFv2::WebACL", "WAF web ACLs, four rules each", 9, "and $0.60 for a million requests; with a domain only"},
	{"AWS::S3::Bucket", "buckets", 0, "what is stored in them"},
}

// onceOnly are the stacks that stand in one region alone.
var onceOnly = []string{"global-data.yaml", "trail.yaml"}

var typeLine = regexp.MustCompile(`(?m)^    Type: (AWS::\w+::\w+)`)

// Alarms with an expression name their metrics one by one: each beyond the first costs as much again.
var (
	metricLine     = regexp.MustCompile(`(?m)^          MetricStat:`)
	expressionLine = regexp.MustCompile(`(?m)^          Expression:`)
)

// fixed counts what the templates declare. Every stack but those of onceOnly stands in both regions.
func fixed(root string) ([]Fixed, error) {
	files, err := filepath.Glob(filepath.Join(root, "stacks", "*.yaml"))
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		regions := 2
		if slices.Contains(onceOnly, filepath.Base(file)) {
			regions = 1
		}
		for _, m := range typeLine.FindAllSubmatch(raw, -1) {
			counts[string(m[1])] += regions
		}
		counts["AWS::CloudWatch::Alarm"] += regions * (len(metricLine.FindAll(raw, -1)) - len(expressionLine.FindAll(raw, -1)))
	}
	var out []Fixed
	for _, m := range monthly {
		if n := counts[m.kind]; n > 0 {
			out = append(out, Fixed{m.what, n, m.dollars, m.note})
		}
	}
	functions := counts["AWS::Serverless::Function"]
	return append(out,
		Fixed{"custom metrics", 2 * metrics(), 0.30, "while they are emitted; reasons of rejection are metrics of their own"},
		Fixed{"KMS requests, thousands", functions * keyCallsPerHour * hoursOfMonth / 1000, 0.003, "an upper bound: each function asks for the key of a table again after five minutes"},
		Fixed{"NAT gateways, servers, provisioned capacity", 0, 0, "there are none"}), nil
}

// keyCallsPerHour is how often one function has a table's key opened: DynamoDB keeps it for five minutes.
const keyCallsPerHour = 12

// metrics are the platform's own in one region, a second dimension having three words (see order's reasonOf) and Other.
func metrics() int {
	n := 0
	for _, m := range platform.DeclaredMetrics() {
		n++
		if m.By != "" {
			n += 4
		}
	}
	return n
}

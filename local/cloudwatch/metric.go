package cloudwatch

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxValues of one second are kept for percentiles.
const maxValues = 64

// key is a metric's whole name: namespace, name and dimensions, sorted.
type key string

func keyOf(namespace, name string, dimensions map[string]string) key {
	var b strings.Builder
	b.WriteString(namespace + "\x00" + name)
	for _, d := range slices.Sorted(maps.Keys(dimensions)) {
		b.WriteString("\x00" + d + "=" + dimensions[d])
	}
	return key(b.String())
}

// series is what is known of a metric, by second.
type series map[int64]*second

type second struct {
	sum, least, most float64
	n                int
	values           []float64
}

func (s series) add(at time.Time, v float64) {
	p := s[at.Unix()]
	if p == nil {
		p = &second{least: v, most: v}
		s[at.Unix()] = p
	}
	p.sum, p.least, p.most, p.n = p.sum+v, min(p.least, v), max(p.most, v), p.n+1
	if len(p.values) < maxValues {
		p.values = append(p.values, v)
	}
}

// forget drops what is older.
func (s series) forget(before time.Time) {
	for at := range s {
		if at < before.Unix() {
			delete(s, at)
		}
	}
}

// over is a statistic of the seconds in (from, to]; false if there is no data.
func (s series) over(from, to time.Time, stat statistic) (float64, bool) {
	var all second
	for at, p := range s {
		if at <= from.Unix() || at > to.Unix() {
			continue
		}
		if all.n == 0 {
			all.least, all.most = p.least, p.most
		}
		all.sum, all.least, all.most, all.n = all.sum+p.sum, min(all.least, p.least), max(all.most, p.most), all.n+p.n
		if stat.ranked {
			all.values = append(all.values, p.values...)
		}
	}
	if all.n == 0 {
		return 0, false
	}
	return stat.of(all), true
}

// statistic makes one number of the values of a period.
type statistic struct {
	of     func(s second) float64
	ranked bool // it needs the single values
}

// statisticOf knows Sum, Average, Minimum, Maximum, SampleCount, percentiles ("p99") and percentile ranks up to a value ("PR(:1000)").
func statisticOf(name string) (statistic, error) {
	plain := func(of func(s second) float64) (statistic, error) { return statistic{of: of}, nil }
	switch name {
	case "Sum":
		return plain(func(s second) float64 { return s.sum })
	case "Average":
		return plain(func(s second) float64 { return s.sum / float64(s.n) })
	case "Minimum":
		return plain(func(s second) float64 { return s.least })
	case "Maximum":
		return plain(func(s second) float64 { return s.most })
	case "SampleCount":
		return plain(func(s second) float64 { return float64(s.n) })
	}
	if upTo, ok := strings.CutPrefix(name, "PR(:"); ok {
		if limit, err := strconv.ParseFloat(strings.TrimSuffix(upTo, ")"), 64); err == nil {
			return statistic{func(s second) float64 { return rank(s.values, limit) }, true}, nil
		}
	}
	if p, ok := strings.CutPrefix(name, "p"); ok {
		if q, err := strconv.ParseFloat(p, 64); err == nil && q >= 0 && q <= 100 {
			return statistic{func(s second) float64 { return percentile(s.values, q) }, true}, nil
		}
	}
	return statistic{}, fmt.Errorf("the local cloud does not run the statistic %q", name)
}

// rank is how many of a hundred values are at most limit.
func rank(values []float64, limit float64) float64 {
	n := 0
	for _, v := range values {
		if v <= limit {
			n++
		}
	}
	return 100 * float64(n) / float64(len(values))
}

func percentile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(q/100*float64(len(sorted))))]
}

// embedded is a log line in the embedded metric format
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
type embedded struct {
	AWS struct {
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name string }
		}
	} `json:"_aws"`
}

// datum is one value of one metric.
type datum struct {
	key   key
	value float64
}

// dataOf reads a log line; nil if it holds no metrics. A metric or dimension that the line does not have is left out, as CloudWatch does.
func dataOf(line string) []datum {
	if !strings.Contains(line, `"_aws":`) {
		return nil
	}
	var e embedded
	members := map[string]any{}
	if json.Unmarshal([]byte(line), &e) != nil || json.Unmarshal([]byte(line), &members) != nil {
		return nil
	}
	var out []datum
	for _, d := range e.AWS.CloudWatchMetrics {
		for _, names := range d.Dimensions {
			dimensions, ok := valuesOf(members, names)
			if !ok {
				continue
			}
			for _, m := range d.Metrics {
				if v, ok := members[m.Name].(float64); ok {
					out = append(out, datum{keyOf(d.Namespace, m.Name, dimensions), v})
				}
			}
		}
	}
	return out
}

func valuesOf(members map[string]any, names []string) (map[string]string, bool) {
	out := map[string]string{}
	for _, n := range names {
		v, ok := members[n].(string)
		if !ok {
			return nil, false
		}
		out[n] = v
	}
	return out, true
}

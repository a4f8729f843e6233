package edge

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestTheDeclaredFailoverIsWithinTwoMinutes(t *testing.T) {
	raw, err := os.ReadFile("../../stacks/edge.yaml")
	if err != nil {
		t.Fatal(err)
	}
	times, err := Failover(raw)
	if err != nil {
		t.Fatal(err)
	}
	if times.Detect != 30*time.Second || times.TTL != time.Minute || times.Total() != 90*time.Second {
		t.Errorf("detected after %s, kept for %s", times.Detect, times.TTL)
	}
}

func TestOnlyDeclaredValuesCount(t *testing.T) {
	const check = "Resources:\n  C: {Type: AWS::Route53::HealthCheck, Properties: {HealthCheckConfig: {Type: HTTPS, RequestInterval: 30, FailureThreshold: 2}}}\n"
	const record = "  R: {Type: AWS::Route53::RecordSet, Properties: {Region: us-east-1, TTL: 20}}\n"
	if times, err := Failover([]byte(check + record)); err != nil || times.Total() != 80*time.Second {
		t.Errorf("%v %v", times, err)
	}
	for name, bad := range map[string]string{
		"no record":  check,
		"no check":   "Resources:\n" + record,
		"no number":  strings.Replace(check, ", FailureThreshold: 2", "", 1) + record,
		"no latency": check + strings.Replace(record, "Region: us-east-1, ", "", 1),
		"no YAML":    "a: [",
	} {
		if _, err := Failover([]byte(bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

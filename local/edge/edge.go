// Package edge computes from what stacks/edge.yaml declares how long DNS sends clients to a region that is gone. On one machine there is no DNS to
// wait for: this is what a run's figures are to be added to.
//
// It guarantees that nothing but the template's own values is counted, and that a template without them is an error. It does not
// resolve names, and it knows nothing of resolvers that keep a record longer than they may.
package edge

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Times are how long a failover by DNS takes.
type Times struct {
	Detect time.Duration // until the endpoint's health check has failed often enough
	TTL    time.Duration // that resolvers keep the old answer
}

// Total is when the last client that keeps to the record's time to live has gone over.
func (t Times) Total() time.Duration { return t.Detect + t.TTL }

// aliasTTL is how long an alias of a regional API is kept: its target's time to live, which cannot be set
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html).
const aliasTTL = time.Minute

// Failover reads a template with an HTTPS health check and a latency record.
func Failover(template []byte) (Times, error) {
	var doc struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(template, &doc); err != nil {
		return Times{}, err
	}
	var t Times
	for name, r := range doc.Resources {
		var err error
		switch r.Type {
		case "AWS::Route53::HealthCheck":
			err = t.check(r.Properties)
		case "AWS::Route53::RecordSet":
			err = t.record(r.Properties)
		}
		if err != nil {
			return Times{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	if t.Detect == 0 || t.TTL == 0 {
		return Times{}, fmt.Errorf("the template has no HTTPS health check, or no latency record")
	}
	return t, nil
}

// check counts the slowest check of an endpoint. What watches alarms or other checks adds nothing: it fails beside it.
func (t *Times) check(properties yaml.Node) error {
	var p struct {
		HealthCheckConfig struct {
			Type             string `yaml:"Type"`
			RequestInterval  int    `yaml:"RequestInterval"`
			FailureThreshold int    `yaml:"FailureThreshold"`
		} `yaml:"HealthCheckConfig"`
	}
	if err := properties.Decode(&p); err != nil {
		return err
	}
	c := p.HealthCheckConfig
	if c.Type != "HTTPS" {
		return nil
	}
	if c.RequestInterval == 0 || c.FailureThreshold == 0 {
		return fmt.Errorf("RequestInterval or FailureThreshold is missing")
	}
	t.Detect = max(t.Detect, time.Duration(c.RequestInterval*c.FailureThreshold)*time.Second)
	return nil
}

func (t *Times) record(properties yaml.Node) error {
	var p struct {
		TTL         int       `yaml:"TTL"`
		AliasTarget yaml.Node `yaml:"AliasTarget"`
		Region      yaml.Node `yaml:"Region"`
	}
	if err := properties.Decode(&p); err != nil {
		return err
	}
	if p.Region.IsZero() {
		return nil // no latency record
	}
	ttl := time.Duration(p.TTL) * time.Second
	if !p.AliasTarget.IsZero() {
		ttl = aliasTTL
	}
	t.TTL = max(t.TTL, ttl)
	return nil
}

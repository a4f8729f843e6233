package main

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

func TestTheCanaryEndsBadlyIfAnOrderIsLost(t *testing.T) {
	for _, p := range []*canaryPlay{{tried: 2, accepted: []string{"ord_1"}}, {}} {
		if p.count() == nil {
			t.Errorf("%d of %d orders are enough", len(p.accepted), p.tried)
		}
	}
	if err := (&canaryPlay{tried: 1, accepted: []string{"ord_1"}}).count(); err != nil {
		t.Error(err)
	}
}

func TestThePlantedFaultIsOfExpressOrdersAlone(t *testing.T) {
	f := faulty{lambda.NewHandler(func() (string, error) { return "sound", nil })}
	for in, broken := range map[string]bool{
		`{"httpMethod":"POST","body":"{\"shipping\":{\"method\":\"express\"}}"}`:  true,
		`{"httpMethod":"POST","body":"{\"shipping\":{\"method\":\"standard\"}}"}`: false,
		`{"httpMethod":"GET","body":""}`:                                          false,
	} {
		out, err := f.Invoke(context.Background(), []byte(in))
		if err != nil || strings.Contains(string(out), "500") != broken {
			t.Errorf("%s: %s %v", in, out, err)
		}
	}
}

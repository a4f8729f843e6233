package secretsmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"twofold/local/core"
)

// rotatingCloud is a simulated cloud whose rotation function makes the keys key-1, key-2 and so on.
type rotatingCloud struct {
	t     *testing.T
	sim   *core.Sim
	cloud *core.Cloud
	svc   *Service
	steps []string
	fails string // the step that fails
	made  int
}

func newRotatingCloud(t *testing.T) *rotatingCloud {
	t.Helper()
	faults := core.NewFaults(0)
	sim := core.NewSim(time.Unix(0, 0), faults, 1)
	r := &rotatingCloud{t: t, sim: sim, cloud: core.New(sim, faults, 1)}
	r.svc = New(t.Context(), r.cloud, r.rotate)
	r.cloud.Register("secretsmanager", r.svc)
	r.cloud.Journal.Keep(KindRotation)
	t.Cleanup(sim.Stop)
	return r
}

// rotate is the function.
func (r *rotatingCloud) rotate(ctx context.Context, _, function string, as core.Principal, event []byte) error {
	var e struct{ SecretId, ClientRequestToken, Step string }
	if err := json.Unmarshal(event, &e); err != nil {
		return err
	}
	r.steps = append(r.steps, fmt.Sprintf("%s %s %s", r.sim.Now().Sub(time.Unix(0, 0)), function, e.Step))
	if as.Service != "secretsmanager.amazonaws.com" || as.Via != e.SecretId {
		return fmt.Errorf("called by %+v", as)
	}
	if e.Step == r.fails {
		return errors.New("refused")
	}
	switch e.Step {
	case "createSecret":
		r.made++
		return r.call(ctx, "PutSecretValue", fmt.Sprintf(`{"SecretId":%q,"ClientRequestToken":%q,"SecretString":"key-%d","VersionStages":["AWSPENDING"]}`, e.SecretId, e.ClientRequestToken, r.made))
	case "finishSecret":
		return r.call(ctx, "UpdateSecretVersionStage", fmt.Sprintf(`{"SecretId":%q,"VersionStage":"AWSCURRENT","MoveToVersionId":%q,"RemoveFromVersionId":%q}`, e.SecretId, e.ClientRequestToken, r.current().id))
	}
	return nil
}

func (r *rotatingCloud) call(ctx context.Context, operation, body string) error {
	_, err := r.cloud.Do(ctx, &core.Call{Region: region, Service: "secretsmanager", Operation: operation, Body: []byte(body)})
	return err
}

func (r *rotatingCloud) current() *keyVersion { return r.svc.find(region, "k").staged(current) }

func (r *rotatingCloud) schedule(properties map[string]any) error {
	r.t.Helper()
	arn := provision(r.t, r.svc, map[string]any{"Name": "k", "SecretString": "key-0"})
	properties["SecretId"] = arn
	_, err := r.svc.Provision(r.t.Context(), core.Resource{Region: region, Type: "AWS::SecretsManager::RotationSchedule", LogicalID: "R", Position: "t.yaml:2", Properties: properties})
	return err
}

func TestASecretIsRotatedWhenItsDaysAreOver(t *testing.T) {
	r := newRotatingCloud(t)
	if err := r.schedule(map[string]any{"RotationLambdaARN": "f", "RotationRules": map[string]any{"AutomaticallyAfterDays": "30"}, "RotateImmediatelyOnUpdate": "false"}); err != nil {
		t.Fatal(err)
	}
	r.sim.Run(time.Unix(0, 0).Add(61 * 24 * time.Hour))
	if *r.current().text != "key-2" || *r.svc.find(region, "k").staged(previous).text != "key-1" {
		t.Errorf("%q is current", *r.current().text)
	}
	if len(r.steps) != 8 || r.steps[0] != "720h0m0s f createSecret" || r.steps[7] != "1440h0m0s f finishSecret" {
		t.Errorf("the steps were %q", r.steps)
	}
}

func TestAScheduleThatSaysNothingElseRotatesAtOnceAndAFailureKeepsTheKey(t *testing.T) {
	r := newRotatingCloud(t)
	r.fails = "testSecret"
	if err := r.schedule(map[string]any{"RotationLambdaARN": "f", "RotationRules": map[string]any{"AutomaticallyAfterDays": 30}}); err != nil {
		t.Fatal(err)
	}
	r.sim.Run(time.Unix(0, 0).Add(time.Minute))
	ended := r.cloud.Journal.Entries(KindRotation)
	if len(ended) != 1 || ended[0].Detail != "failed: testSecret: refused" || *r.current().text != "key-0" || len(r.steps) != 3 {
		t.Errorf("%v, %q is current after %q", ended, *r.current().text, r.steps)
	}
	if err := r.call(t.Context(), "RotateSecret", `{"SecretId":"k"}`); err == nil || !strings.Contains(err.Error(), "previous rotation") {
		t.Errorf("beside a pending version: %v", err)
	}
}

func TestASchedulesMistakesStopTheDeployment(t *testing.T) {
	for want, properties := range map[string]map[string]any{
		"AutomaticallyAfterDays of 1 to 1000": {"RotationLambdaARN": "f", "RotationRules": map[string]any{}},
		"RotationLambdaARN":                   {"RotationRules": map[string]any{"AutomaticallyAfterDays": 1}},
		"ScheduleExpression":                  {"RotationLambdaARN": "f", "RotationRules": map[string]any{"ScheduleExpression": "rate(10 days)"}},
		"HostedRotationLambda":                {"RotationLambdaARN": "f", "HostedRotationLambda": map[string]any{}},
	} {
		if err := newRotatingCloud(t).schedule(properties); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestALabelMovesFromTheVersionThatIsNamed(t *testing.T) {
	s, _, c := setup(t)
	arn := provision(t, s, map[string]any{"Name": "k", "SecretString": "one"})
	one := s.find(region, "k").staged(current).id
	put, err := c.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: &arn, SecretString: aws.String("two"), VersionStages: []string{pending}})
	if err != nil {
		t.Fatal(err)
	}
	move := func(stage string, to, from *string) error {
		_, err := c.UpdateSecretVersionStage(t.Context(), &sdk.UpdateSecretVersionStageInput{SecretId: &arn, VersionStage: &stage, MoveToVersionId: to, RemoveFromVersionId: from})
		return err
	}
	for name, err := range map[string]error{
		"without naming the old one": move(current, put.VersionId, nil), "to nowhere": move(current, nil, &one), "to none": move(current, nil, nil),
		"to an unknown version": move(current, aws.String("v"), &one), "from a version without it": move(pending, nil, &one),
	} {
		if err == nil {
			t.Errorf("%s the label moves", name)
		}
	}
	if err := errors.Join(move(current, put.VersionId, &one), move(pending, nil, put.VersionId)); err != nil {
		t.Fatal(err)
	}
	if sec := s.find(region, "k"); *sec.staged(current).text != "two" || *sec.staged(previous).text != "one" || sec.staged(pending) != nil {
		t.Error("the labels are where they should not be")
	}
}

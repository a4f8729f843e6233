package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Rotation is how the keys of one secret are made, judged and ended by who issues them.
type Rotation struct {
	Secret string // its ARN
	// Make has the issuer make the key of a version. It may be called again for the same version. nil where only a person can have a key made.
	Make func(ctx context.Context, version string) (key string, err error)
	// Test is an error unless the issuer takes the key of a version.
	Test func(ctx context.Context, version, key string) error
	// Retire ends, at the issuer, the keys of all versions but these. nil where only a person can.
	Retire func(ctx context.Context, valid []string) error
}

// Key is a key that is held already, such as one that is tested.
type Key string

// Value is the key.
func (k Key) Value(context.Context) (string, error) { return string(k), nil }

// The steps of a rotation (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html), and one that a schedule asks for.
const (
	StepCreate = "createSecret"
	StepSet    = "setSecret"
	StepTest   = "testSecret"
	StepFinish = "finishSecret"
	StepReview = "review"
)

// freshFor is how old a key may be when it becomes current: what it replaces is good for a time that begins when the key was put.
const freshFor = time.Hour

// rotationEvent is what Secrets Manager calls a rotation function with. A review has no secret.
type rotationEvent struct {
	SecretID string `json:"SecretId"`
	Version  string `json:"ClientRequestToken"`
	Step     string `json:"Step"`
}

// rotations serves the secrets of one function.
type rotations struct {
	client  *secretsmanager.Client
	all     []Rotation
	clock   Clock
	log     *slog.Logger
	metrics Metrics
}

// NewRotations is the handler of a rotation function. Secrets Manager calls it for the steps of a rotation; an operator, who has put a key that
// only a person could have made under the label AWSPENDING, calls it for the last two. No key becomes current that its issuer refuses.
func NewRotations(rt Runtime, all ...Rotation) lambda.Handler {
	r := rotations{client: secretsmanager.NewFromConfig(rt.AWS), all: all, clock: rt.Clock, log: rt.Log, metrics: rt.Metrics()}
	return lambda.NewHandler(r.handle)
}

// handle answers an error by its code, as everything that is invoked does; the log has the cause.
func (r rotations) handle(ctx context.Context, e rotationEvent) error {
	err := r.step(ctx, e)
	if err == nil {
		return nil
	}
	r.log.Error("rotation failed", "secret", e.SecretID, "version", e.Version, "step", e.Step, "error", err.Error())
	return ForStates(err)
}

func (r rotations) step(ctx context.Context, e rotationEvent) error {
	if e.Step == StepReview {
		return r.review(ctx)
	}
	i := slices.IndexFunc(r.all, func(x Rotation) bool { return x.Secret == e.SecretID })
	if i < 0 {
		return Refuse(InvalidRequest, "the secret "+e.SecretID+" is not this function's")
	}
	x := r.all[i]
	done, err := r.isCurrent(ctx, x, e.Version)
	if err != nil || done {
		return err
	}
	switch e.Step {
	case StepCreate:
		err = r.create(ctx, x, e.Version)
	case StepSet: // the issuer knows its own key
	case StepTest:
		err = r.test(ctx, x, e.Version)
	case StepFinish:
		err = r.finish(ctx, x, e.Version)
	default:
		return Refuse(InvalidRequest, "there is no step "+e.Step)
	}
	if err == nil {
		r.log.Info("rotation", "secret", e.SecretID, "version", e.Version, "step", e.Step)
	}
	return err
}

// isCurrent reports whether a version is current already; one that is neither that nor pending is refused.
func (r rotations) isCurrent(ctx context.Context, x Rotation, version string) (bool, error) {
	d, err := r.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &x.Secret})
	if err != nil {
		return false, FromAWS(err)
	}
	stages := d.VersionIdsToStages[version]
	if !slices.Contains(stages, stageCurrent) && !slices.Contains(stages, stagePending) {
		return false, Refuse(Conflict, "the version "+version+" is not pending")
	}
	return slices.Contains(stages, stageCurrent), nil
}

// create has a key made, unless the version holds one.
func (r rotations) create(ctx context.Context, x Rotation, version string) error {
	if _, err := r.pending(ctx, x, version); !isNoSecret(err) {
		return err
	}
	if x.Make == nil {
		return Refuse(Unprocessable, "only a person can have this key made: see docs/operations.md, Rotate a secret")
	}
	key, err := x.Make(ctx, version)
	if err != nil {
		return err
	}
	_, err = r.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &x.Secret, ClientRequestToken: &version, SecretString: &key, VersionStages: []string{stagePending}})
	return FromAWS(err)
}

func (r rotations) pending(ctx context.Context, x Rotation, version string) (*secretsmanager.GetSecretValueOutput, error) {
	return r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &x.Secret, VersionId: &version, VersionStage: aws.String(stagePending)})
}

// test asks the issuer. A version that holds nothing, or what is current, is no new key: when a schedule is set up, Secrets Manager tries out by a version
// that it takes away again whether it may call this function, and does not say what that version holds.
func (r rotations) test(ctx context.Context, x Rotation, version string) error {
	v, err := r.pending(ctx, x, version)
	if err != nil && !isNoSecret(err) {
		return FromAWS(err)
	}
	now, nerr := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &x.Secret})
	if nerr != nil && !isNoSecret(nerr) {
		return FromAWS(nerr)
	}
	if err != nil || nerr == nil && aws.ToString(v.SecretString) == aws.ToString(now.SecretString) {
		r.log.Info("there is no new key to test", "secret", x.Secret, "version", version)
		return nil
	}
	if err := x.Test(ctx, version, aws.ToString(v.SecretString)); err != nil {
		return notTaken(err)
	}
	return nil
}

func notTaken(cause error) error {
	return &Error{Code: Unprocessable, Detail: "the new key is refused, or cannot be tried: the log of the function says which", Cause: cause}
}

// finish makes a tested key current; what was current becomes the one before.
func (r rotations) finish(ctx context.Context, x Rotation, version string) error {
	v, err := r.pending(ctx, x, version)
	if err != nil {
		return FromAWS(err)
	}
	if age := r.clock.Now().Sub(aws.ToTime(v.CreatedDate)); age > freshFor {
		return Refuse(Conflict, "the key was put "+age.Round(time.Minute).String()+" ago: put it again, and finish within the hour")
	}
	if err := x.Test(ctx, version, aws.ToString(v.SecretString)); err != nil {
		return notTaken(err)
	}
	move := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &x.Secret, VersionStage: aws.String(stageCurrent), MoveToVersionId: &version}
	now, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &x.Secret})
	if err == nil {
		move.RemoveFromVersionId = now.VersionId
	} else if !isNoSecret(err) {
		return FromAWS(err)
	}
	_, err = r.client.UpdateSecretVersionStage(ctx, move)
	return FromAWS(err)
}

// review says how old each secret's key is, and ends at the issuer what is not good any more.
func (r rotations) review(ctx context.Context) (all error) {
	for _, x := range r.all {
		if err := r.reviewOne(ctx, x); err != nil {
			all = errors.Join(all, fmt.Errorf("%s: %w", x.Secret, err))
		}
	}
	return all
}

func (r rotations) reviewOne(ctx context.Context, x Rotation) error {
	now, err := r.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &x.Secret})
	if err != nil {
		return FromAWS(err)
	}
	age := r.clock.Now().Sub(aws.ToTime(now.CreatedDate))
	r.metrics.Put(ctx, "secret", []any{"secret", x.Secret}, Sample{Metric: SecretAge, Value: age.Seconds()})
	if x.Retire == nil || age < SecretOverlap {
		return nil
	}
	d, err := r.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &x.Secret})
	if err != nil {
		return FromAWS(err)
	}
	valid := []string{aws.ToString(now.VersionId)}
	for version, stages := range d.VersionIdsToStages {
		if slices.Contains(stages, stagePending) {
			valid = append(valid, version)
		}
	}
	return x.Retire(ctx, valid)
}

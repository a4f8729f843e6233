package operator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"twofold/internal/platform"
)

// rotators are the functions that test and end the rotation of each secret of a stage.
var rotators = map[string]string{"stripe": "payment-rotate", "stripe-webhook": "payment-rotate", "carrier": "shipping-rotate", "carrier-webhook": "shipping-rotate"}

// How a rotation is waited for.
const (
	rotatedWithin = 3 * time.Minute
	lookAgain     = 3 * time.Second
)

const (
	labelCurrent = "AWSCURRENT"
	labelPending = "AWSPENDING"
)

func (s *site) secrets() *secretsmanager.Client {
	return secretsmanager.NewFromConfig(s.op.Config(s.region))
}

// secret is the name of a stage's secret, and the site that it is in.
func (o *Operator) secret(region, name string) (*site, string, error) {
	if rotators[name] == "" {
		return nil, "", Usage{fmt.Sprintf("there is no secret %q: write one of %s", name, strings.Join(slices.Sorted(maps.Keys(rotators)), ", "))}
	}
	s, err := o.site(region)
	return s, "twofold/" + o.Stage + "/" + name, err
}

// ListSecrets prints how old the keys of both regions are. It shows none.
func (o *Operator) ListSecrets(ctx context.Context) error {
	sites, err := o.sites()
	if err != nil {
		return err
	}
	rows := [][]string{{"REGION", "SECRET", "CURRENT SINCE", "ROTATION UNDER WAY"}}
	var failed error
	for _, s := range sites {
		for _, name := range slices.Sorted(maps.Keys(rotators)) {
			since, pending, err := s.keyAge(ctx, "twofold/"+o.Stage+"/"+name)
			failed = errors.Join(failed, err)
			rows = append(rows, []string{s.region, name, since, pending})
		}
	}
	return errors.Join(o.table(rows), failed)
}

func (s *site) keyAge(ctx context.Context, id string) (since, pending string, err error) {
	d, err := s.secrets().DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	if err != nil {
		return "?", "?", s.explain(err)
	}
	pending = "no"
	if waiting(d) != "" {
		pending = "yes, or it failed"
	}
	now, err := s.secrets().GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if errors.As(err, new(*types.ResourceNotFoundException)) {
		return "never: it holds nothing", pending, nil
	}
	if err != nil {
		return "?", pending, s.explain(err)
	}
	return age(s.op.Now().Sub(aws.ToTime(now.CreatedDate))) + " ago", pending, nil
}

// waiting is the version that is pending and not current; "" if there is none.
func waiting(d *secretsmanager.DescribeSecretOutput) string {
	for version, labels := range d.VersionIdsToStages {
		if slices.Contains(labels, labelPending) && !slices.Contains(labels, labelCurrent) {
			return version
		}
	}
	return ""
}

// PutSecret takes a key that a person had made, from a file: it is put beside the current one, tested against who issued it, and becomes current
// if that takes it. Otherwise nothing changes.
func (o *Operator) PutSecret(ctx context.Context, region, name, file string, apply bool) error {
	s, id, err := o.secret(region, name)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	key := strings.TrimSpace(string(raw))
	switch {
	case err != nil:
		return Usage{fmt.Sprintf("-key: %v", err)}
	case key == "":
		return Usage{"the file of -key is empty"}
	case !apply:
		since, _, err := s.keyAge(ctx, id)
		if err != nil {
			return err
		}
		return o.dry("%s in %s has %s test the new key, which becomes current if its issuer takes it. The current one is so since %s", id, region, rotators[name], since)
	}
	put, err := s.secrets().PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &key, VersionStages: []string{labelPending}})
	if err != nil {
		return s.explain(err)
	}
	for _, step := range []string{platform.StepTest, platform.StepFinish} {
		in := map[string]string{"SecretId": aws.ToString(put.ARN), "ClientRequestToken": aws.ToString(put.VersionId), "Step": step}
		if err := s.invoke(ctx, rotators[name], in, &struct{}{}); err != nil {
			return errors.Join(err, s.unlabel(ctx, id, aws.ToString(put.VersionId)))
		}
	}
	return o.say("The new key of %s in %s is current. Functions take it up within an hour; end the old one at its issuer a day from now.", id, region)
}

// RotateSecret has a secret rotated that rotates by itself, now, and waits for it. What a rotation that failed has left is taken away first.
func (o *Operator) RotateSecret(ctx context.Context, region, name string, apply bool) error {
	s, id, err := o.secret(region, name)
	if err != nil {
		return err
	}
	d, err := s.secrets().DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
	if err != nil {
		return s.explain(err)
	}
	if !apply {
		return o.dry("%s in %s is rotated; the key of now is good for a day more", id, region)
	}
	if left := waiting(d); left != "" {
		if err := s.unlabel(ctx, id, left); err != nil {
			return err
		}
	}
	begun, err := s.secrets().RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: &id})
	if err != nil {
		return s.explain(err)
	}
	return s.rotated(ctx, id, aws.ToString(begun.VersionId))
}

// rotated waits until a version is current.
func (s *site) rotated(ctx context.Context, id, version string) error {
	for until := s.op.Now().Add(rotatedWithin); s.op.Now().Before(until); {
		d, err := s.secrets().DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &id})
		if err != nil {
			return s.explain(err)
		}
		if slices.Contains(d.VersionIdsToStages[version], labelCurrent) {
			return s.op.say("%s in %s is rotated.", id, s.region)
		}
		if err := s.op.Sleep(ctx, lookAgain); err != nil {
			return err
		}
	}
	return fmt.Errorf("the rotation of %s in %s did not end: the log of the function says why, and the key of before is current", id, s.region)
}

// unlabel takes a version's label away, so that it blocks no rotation.
func (s *site) unlabel(ctx context.Context, id, version string) error {
	_, err := s.secrets().UpdateSecretVersionStage(ctx, &secretsmanager.UpdateSecretVersionStageInput{SecretId: &id, VersionStage: aws.String(labelPending), RemoveFromVersionId: &version})
	return s.explain(err)
}

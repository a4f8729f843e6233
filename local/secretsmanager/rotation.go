package secretsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"twofold/local/core"
)

// KindRotation is the journal's kind of a rotation: Subject is the secret's name, Detail how it ended.
const KindRotation core.Kind = "rotation"

// rotationSteps are what a rotation function is called with, in this order
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html).
var rotationSteps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// rotator is what rotates a secret.
type rotator struct {
	function string
	every    time.Duration
	stop     func() // ends the schedule
}

// provisionRotation creates or updates an AWS::SecretsManager::RotationSchedule: Ref is the secret's ARN. Without RotateImmediatelyOnUpdate AWS tries the
// function out by a step testSecret, which changes nothing and is left out.
func (s *Service) provisionRotation(r core.Resource) (core.Physical, error) {
	p := struct {
		SecretId, RotationLambdaARN string
		RotationRules               struct{ AutomaticallyAfterDays core.Int }
		RotateImmediatelyOnUpdate   *core.Bool
	}{}
	if err := r.Decode(&p); err != nil {
		return core.Physical{}, err
	}
	sec := s.find(r.Region, p.SecretId)
	days := int(p.RotationRules.AutomaticallyAfterDays)
	switch {
	case sec == nil:
		return core.Physical{}, r.Errorf("there is no secret %s", p.SecretId)
	case p.RotationLambdaARN == "" || days < 1 || days > 1000:
		return core.Physical{}, r.Errorf("give RotationLambdaARN, and AutomaticallyAfterDays of 1 to 1000")
	}
	ctx, stop := context.WithCancel(core.WithRegion(s.life, r.Region))
	sec.mu.Lock()
	if sec.rotator != nil {
		sec.rotator.stop()
	}
	sec.rotator = &rotator{function: p.RotationLambdaARN, every: time.Duration(days) * 24 * time.Hour, stop: stop}
	every := sec.rotator.every
	sec.mu.Unlock()
	s.cloud.Go(ctx, "rotation/"+sec.name, func(ctx context.Context) {
		for s.cloud.Sleep(ctx, every) == nil {
			if _, err := s.rotate(r.Region, sec, ""); err != nil {
				s.rotated(r.Region, sec, err)
			}
		}
	})
	if p.RotateImmediatelyOnUpdate == nil || bool(*p.RotateImmediatelyOnUpdate) {
		if _, err := s.rotate(r.Region, sec, ""); err != nil {
			return core.Physical{}, r.Errorf("%v", err)
		}
	}
	return core.Physical{Ref: sec.arn, Attrs: map[string]any{"Id": sec.arn}}, nil
}

func (s *Service) rotateSecret(call *core.Call) (any, error) {
	var in struct {
		SecretId, ClientRequestToken, RotationLambdaARN string
		RotationRules                                   map[string]any
		RotateImmediately                               *bool
	}
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	sec, err := s.open(call, "RotateSecret", in.SecretId)
	if err != nil {
		return nil, err
	}
	if in.RotationLambdaARN != "" || in.RotationRules != nil || in.RotateImmediately != nil && !*in.RotateImmediately {
		return nil, core.NotRun("secretsmanager", "RotateSecret with another configuration than the template's")
	}
	version, err := s.rotate(call.Region, sec, in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	return map[string]any{"ARN": sec.arn, "Name": sec.name, "VersionId": version}, nil
}

// rotate begins a rotation: an empty version that is pending, for which the function is then called step by step.
func (s *Service) rotate(region string, sec *secret, version string) (string, error) {
	if version == "" {
		version = s.cloud.Rand.UUID()
	}
	sec.mu.Lock()
	r, waiting := sec.rotator, sec.staged(pending)
	switch {
	case r == nil:
		sec.mu.Unlock()
		return "", core.Errorf("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
	case waiting != nil && !slices.Contains(waiting.stages, current):
		sec.mu.Unlock()
		return "", core.Errorf("InvalidRequestException", "A previous rotation isn't complete.")
	}
	if sec.versions[version] == nil {
		sec.versions[version] = &keyVersion{id: version, created: s.cloud.Now()}
	}
	sec.move(sec.versions[version], pending)
	sec.mu.Unlock()
	s.cloud.Go(core.WithRegion(s.life, region), "rotation/"+sec.name+"/steps", func(ctx context.Context) {
		s.rotated(region, sec, s.steps(ctx, region, sec, r.function, version))
	})
	return version, nil
}

// steps calls the function for each step; the first that fails ends the rotation, and leaves the version pending.
func (s *Service) steps(ctx context.Context, region string, sec *secret, function, version string) error {
	for _, step := range rotationSteps {
		event, err := json.Marshal(map[string]string{"SecretId": sec.arn, "ClientRequestToken": version, "Step": step})
		if err != nil {
			return err
		}
		if err := s.invoke(ctx, region, function, core.Principal{Service: "secretsmanager.amazonaws.com", Via: sec.arn, Region: region}, event); err != nil {
			return fmt.Errorf("%s: %w", step, err)
		}
	}
	return nil
}

func (s *Service) rotated(region string, sec *secret, err error) {
	e := core.Entry{Region: region, Kind: KindRotation, Subject: sec.name, Detail: "rotated"}
	if err != nil {
		e.Detail = "failed: " + err.Error()
	}
	s.cloud.Journal.Add(e)
}

// updateStage moves a label from version to version. What AWSCURRENT leaves becomes AWSPREVIOUS.
func (s *Service) updateStage(call *core.Call) (any, error) {
	var in struct{ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId string }
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	sec, err := s.open(call, "UpdateSecretVersionStage", in.SecretId)
	if err != nil {
		return nil, err
	}
	sec.mu.Lock()
	defer sec.mu.Unlock()
	was, to := sec.staged(in.VersionStage), sec.versions[in.MoveToVersionId]
	switch {
	case in.VersionStage == "" || in.MoveToVersionId == "" && in.RemoveFromVersionId == "":
		return nil, core.Errorf("InvalidParameterException", "You must provide VersionStage, and a version to move it to or to remove it from.")
	case in.MoveToVersionId != "" && to == nil:
		return nil, core.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret version: %s", in.MoveToVersionId)
	case was != nil && was != to && was.id != in.RemoveFromVersionId, was == nil && in.RemoveFromVersionId != "":
		return nil, core.Errorf("InvalidParameterException", "RemoveFromVersionId must be the version that %s is attached to.", in.VersionStage)
	case to == nil && in.VersionStage == current:
		return nil, core.Errorf("InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.")
	}
	if to == nil {
		was.drop(in.VersionStage)
	} else if was != to {
		if was != nil && in.VersionStage == current {
			sec.move(was, previous)
		}
		sec.move(to, in.VersionStage)
	}
	return map[string]any{"ARN": sec.arn, "Name": sec.name}, nil
}

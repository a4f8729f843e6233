package platform

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// SecretOverlap is how long, after a new version of a secret, signatures by the version before it are taken. Who signs is to use the new one by then.
const SecretOverlap = 24 * time.Hour

// How long a secret is remembered, and how soon it is read again when that failed or a signature was made by a key that is not known.
const (
	secretFor  = time.Hour
	againAfter = 10 * time.Second
)

// The labels of a secret's versions (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version).
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
	stagePending  = "AWSPENDING"
)

// Secret is a key in Secrets Manager, read when it is first needed and then every hour, so that a rotated key is taken up without a
// deployment. While it cannot be read, the key known is used on.
type Secret struct {
	client *secretsmanager.Client
	arn    string
	signs  bool // its version before is needed too
	clock  Clock
	log    *slog.Logger

	mu   sync.Mutex
	held held
}

// held is what was read of a secret.
type held struct {
	current, previous string
	until             time.Time // of the previous one
	read              time.Time
}

func (h held) keys(now time.Time) []string {
	if h.previous != "" && now.Before(h.until) {
		return []string{h.current, h.previous}
	}
	return []string{h.current}
}

// Secret names a key that calls are made with; nothing is read yet.
func (rt Runtime) Secret(arn string) *Secret {
	return &Secret{client: secretsmanager.NewFromConfig(rt.AWS), arn: arn, clock: rt.Clock, log: rt.Log}
}

// SigningSecret names a key that others sign their requests with. The one before it is good for [SecretOverlap] more.
func (rt Runtime) SigningSecret(arn string) *Secret {
	s := rt.Secret(arn)
	s.signs = true
	return s
}

// Value is the bare key.
func (s *Secret) Value(ctx context.Context) (string, error) {
	h, err := s.known(ctx, secretFor)
	return h.current, err
}

// Verify is [CheckSignature] by the keys that are good now. What has no signature is refused without asking anybody; a signature by none of them may be by one that has just been made: the secret is
// read again, at most every ten seconds.
func (s *Secret) Verify(ctx context.Context, header, body string) error {
	if _, _, _, err := takeApart(header); err != nil {
		return err
	}
	h, err := s.known(ctx, secretFor)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	err = CheckSignature(header, body, h.keys(now), now)
	if CodeOf(err) != BadSignature || now.Sub(h.read) < againAfter {
		return err
	}
	if h, err = s.known(ctx, againAfter); err != nil {
		return err
	}
	return CheckSignature(header, body, h.keys(now), now)
}

// known is what is remembered, unless it is too old and can be read again.
func (s *Secret) known(ctx context.Context, most time.Duration) (held, error) {
	s.mu.Lock()
	had := s.held
	s.mu.Unlock()
	now := s.clock.Now()
	if had.current != "" && now.Sub(had.read) < most {
		return had, nil
	}
	h, err := s.readAt(ctx, now)
	switch {
	case err != nil && had.current == "":
		return held{}, err
	case err != nil:
		s.log.Warn("a secret cannot be read again: the key known is used on", "secret", s.arn, "error", err.Error())
		h = had
		h.read = now.Add(againAfter - secretFor)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = h
	return h, nil
}

func (s *Secret) readAt(ctx context.Context, now time.Time) (held, error) {
	current, err := s.version(ctx, stageCurrent)
	if err != nil {
		return held{}, FromAWS(err)
	}
	h := held{current: aws.ToString(current.SecretString), until: aws.ToTime(current.CreatedDate).Add(SecretOverlap), read: now}
	if h.current == "" {
		return held{}, Wrap(Internal, errors.New("the secret "+s.arn+" holds no string"))
	}
	if !s.signs || !now.Before(h.until) {
		return h, nil
	}
	previous, err := s.version(ctx, stagePrevious)
	if isNoSecret(err) {
		return h, nil
	}
	if err != nil {
		return held{}, FromAWS(err)
	}
	h.previous = aws.ToString(previous.SecretString)
	return h, nil
}

func (s *Secret) version(ctx context.Context, stage string) (*secretsmanager.GetSecretValueOutput, error) {
	return s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn, VersionStage: &stage})
}

// isNoSecret reports whether there is no such secret, or no value of the version.
func isNoSecret(err error) bool {
	var none *types.ResourceNotFoundException
	return errors.As(err, &none)
}

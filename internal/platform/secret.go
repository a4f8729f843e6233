package platform

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Secret is a key in Secrets Manager, read when it is first needed and remembered for the life of the function's
// instance. A failed read is not remembered. A rotated key must stay valid until the instances of before are gone.
type Secret struct {
	client *secretsmanager.Client
	arn    string
	mu     sync.Mutex
	value  string
}

// Secret names a secret; nothing is read yet.
func (rt Runtime) Secret(arn string) *Secret {
	return &Secret{client: secretsmanager.NewFromConfig(rt.AWS), arn: arn}
}

// Value is the bare key.
func (s *Secret) Value(ctx context.Context) (string, error) {
	if v := s.remembered(); v != "" {
		return v, nil
	}
	res, err := s.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.arn})
	if err != nil {
		return "", FromAWS(err)
	}
	v := aws.ToString(res.SecretString)
	if v == "" {
		return "", Wrap(Internal, errors.New("the secret "+s.arn+" holds no string"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value = v
	return v, nil
}

func (s *Secret) remembered() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value
}

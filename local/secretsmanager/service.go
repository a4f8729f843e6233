package secretsmanager

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"sync"

	"twofold/local/core"
)

// Requests is what Secrets Manager bills by call.
const Requests core.Unit = "secretsmanager:Request"

// Service keeps the secrets of all regions. Build it with New; it is a core.Service.
type Service struct {
	life   context.Context // rotations end with it
	cloud  *core.Cloud
	invoke Invoke

	mu      sync.Mutex
	secrets map[string]*secret // by region + "/" + name
}

// Invoke calls a rotation function as a principal, which must be allowed to, and waits for it. An error of the function is an error.
type Invoke func(ctx context.Context, region, function string, as core.Principal, event []byte) error

// New makes a service without secrets; rotations end with life.
func New(life context.Context, cloud *core.Cloud, invoke Invoke) *Service {
	return &Service{life: life, cloud: cloud, invoke: invoke, secrets: map[string]*secret{}}
}

// Handle answers one call. Errors are core.Error values with the codes of the API reference.
func (s *Service) Handle(_ context.Context, call *core.Call) (*core.Reply, error) {
	s.cloud.Meter.Add(call.Region, Requests, 1)
	var body any
	var err error
	switch call.Operation {
	case "GetSecretValue":
		body, err = s.getSecretValue(call)
	case "DescribeSecret":
		body, err = s.describeSecret(call)
	case "PutSecretValue":
		body, err = s.putSecretValue(call)
	case "RotateSecret":
		body, err = s.rotateSecret(call)
	case "UpdateSecretVersionStage":
		body, err = s.updateStage(call)
	default:
		err = core.NotRun("secretsmanager", "the operation "+call.Operation)
	}
	if err != nil {
		return nil, err
	}
	return &core.Reply{Body: body}, nil
}

// open authorizes the call on the secret that id names and finds it. A secret that is
// not there is authorized by the ARN it would have, so that only those who may look learn
// that it is missing.
func (s *Service) open(call *core.Call, action, id string) (*secret, error) {
	if id == "" {
		return nil, core.Errorf("InvalidParameterException", "You must provide a value for the SecretId parameter.")
	}
	found := s.find(call.Region, id)
	arn := secretARN(call.Region, secretName(id))
	if found != nil {
		arn = found.arn
	}
	if err := call.Authorize("secretsmanager:"+action, arn); err != nil {
		return nil, err
	}
	if found == nil {
		return nil, core.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return found, nil
}

// find takes a name, an ARN, or an ARN without its last seven characters.
func (s *Service) find(region, id string) *secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := secretName(id)
	if sec := s.secrets[region+"/"+name]; sec != nil {
		return sec
	}
	if cut := len(name) - suffixLength - 1; cut > 0 && strings.HasPrefix(id, "arn:") {
		if sec := s.secrets[region+"/"+name[:cut]]; sec != nil && sec.arn == id {
			return sec
		}
	}
	return nil
}

const suffixLength = 6

// secretARN ends, as on AWS, in six characters after the name; here they follow from the
// name, so that a secret keeps its ARN over restarts.
func secretARN(region, name string) string {
	sum := sha256.Sum256([]byte(region + "/" + name))
	suffix := base32.StdEncoding.EncodeToString(sum[:])[:suffixLength]
	return core.ARN("secretsmanager", region, "secret:"+name+"-"+suffix)
}

func secretName(id string) string {
	if _, name, ok := strings.Cut(id, ":secret:"); ok && strings.HasPrefix(id, "arn:") {
		return name
	}
	return id
}

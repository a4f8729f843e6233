package secretsmanager

import (
	"slices"
	"sync"
	"time"

	"twofold/local/core"
)

const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
	pending  = "AWSPENDING"
)

type secret struct {
	arn, name, description string
	created                time.Time

	mu       sync.Mutex
	versions map[string]*keyVersion // by version id
	rotator  *rotator               // nil without a schedule
}

// keyVersion is a version of a secret. One that a rotation has begun holds nothing yet.
type keyVersion struct {
	id      string
	text    *string
	binary  []byte
	stages  []string
	created time.Time
}

type secretRequest struct {
	SecretId, VersionId, VersionStage string
}

type secretValue struct {
	ARN, Name, VersionId string
	SecretString         *string `json:",omitempty"`
	SecretBinary         []byte  `json:",omitempty"`
	VersionStages        []string
	CreatedDate          float64
}

func (s *Service) getSecretValue(call *core.Call) (any, error) {
	var in secretRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	sec, err := s.open(call, "GetSecretValue", in.SecretId)
	if err != nil {
		return nil, err
	}
	sec.mu.Lock()
	defer sec.mu.Unlock()
	v, err := sec.pick(in)
	if err != nil {
		return nil, err
	}
	return secretValue{ARN: sec.arn, Name: sec.name, VersionId: v.id, SecretString: v.text, SecretBinary: v.binary,
		VersionStages: slices.Clone(v.stages), CreatedDate: seconds(v.created)}, nil
}

// pick finds the version asked for: by id, by stage, or AWSCURRENT. The caller holds mu.
func (s *secret) pick(in secretRequest) (*keyVersion, error) {
	if in.VersionId != "" {
		v := s.versions[in.VersionId]
		if v == nil || v.empty() || in.VersionStage != "" && !slices.Contains(v.stages, in.VersionStage) {
			return nil, core.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: %s", in.VersionId)
		}
		return v, nil
	}
	stage := in.VersionStage
	if stage == "" {
		stage = current
	}
	if v := s.staged(stage); v != nil && !v.empty() {
		return v, nil
	}
	return nil, core.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s", stage)
}

func (s *secret) staged(stage string) *keyVersion {
	for _, v := range s.versions {
		if slices.Contains(v.stages, stage) {
			return v
		}
	}
	return nil
}

func (s *Service) describeSecret(call *core.Call) (any, error) {
	var in secretRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	sec, err := s.open(call, "DescribeSecret", in.SecretId)
	if err != nil {
		return nil, err
	}
	sec.mu.Lock()
	defer sec.mu.Unlock()
	stages := map[string][]string{}
	for id, v := range sec.versions {
		if len(v.stages) > 0 {
			stages[id] = slices.Clone(v.stages)
		}
	}
	return map[string]any{"ARN": sec.arn, "Name": sec.name, "Description": sec.description,
		"CreatedDate": seconds(sec.created), "VersionIdsToStages": stages}, nil
}

type putRequest struct {
	SecretId, ClientRequestToken string
	SecretString                 *string
	SecretBinary                 []byte
	VersionStages                []string
}

func (s *Service) putSecretValue(call *core.Call) (any, error) {
	var in putRequest
	if err := call.Decode(&in); err != nil {
		return nil, err
	}
	sec, err := s.open(call, "PutSecretValue", in.SecretId)
	if err != nil {
		return nil, err
	}
	if (in.SecretString == nil) == (in.SecretBinary == nil) {
		return nil, core.Errorf("InvalidParameterException", "You must provide either SecretString or SecretBinary.")
	}
	v := &keyVersion{id: in.ClientRequestToken, text: in.SecretString, binary: in.SecretBinary, created: s.cloud.Now()}
	if v.id == "" {
		v.id = s.cloud.Rand.UUID()
	}
	v, err = sec.put(v, in.VersionStages)
	if err != nil {
		return nil, err
	}
	return map[string]any{"ARN": sec.arn, "Name": sec.name, "VersionId": v.id, "VersionStages": v.stages}, nil
}

// put adds a version and moves the stages to it (AWSCURRENT when none are named); the
// version that was current becomes previous. The same id with the same value changes nothing.
// The version returned is a copy.
func (s *secret) put(v *keyVersion, stages []string) (*keyVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.versions[v.id]; old != nil && old.empty() {
		old.text, old.binary = v.text, v.binary
		v = old
	} else if old != nil {
		if !old.same(v) {
			return nil, core.Errorf("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", v.id, s.arn)
		}
		return old.copy(), nil
	}
	if len(stages) == 0 {
		stages = []string{current}
	}
	if was := s.staged(current); was != nil && slices.Contains(stages, current) {
		s.move(was, previous)
	}
	for _, stage := range stages {
		s.move(v, stage)
	}
	s.versions[v.id] = v
	return v.copy(), nil
}

func (s *secret) move(to *keyVersion, stage string) {
	if from := s.staged(stage); from != nil {
		from.drop(stage)
	}
	to.stages = append(to.stages, stage)
}

func (v *keyVersion) drop(stage string) {
	v.stages = slices.DeleteFunc(v.stages, func(have string) bool { return have == stage })
}

func (v *keyVersion) empty() bool { return v.text == nil && v.binary == nil }

func (v *keyVersion) same(o *keyVersion) bool {
	if (v.text == nil) != (o.text == nil) || v.text != nil && *v.text != *o.text {
		return false
	}
	return slices.Equal(v.binary, o.binary)
}

func (v *keyVersion) copy() *keyVersion {
	c := *v
	c.stages = slices.Clone(v.stages)
	return &c
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

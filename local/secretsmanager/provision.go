package secretsmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"twofold/local/core"
)

type secretProperties struct {
	Name, Description    string
	SecretString         *string
	GenerateSecretString *generator
}

// generator is the property type GenerateSecretString of AWS::SecretsManager::Secret.
type generator struct {
	PasswordLength          *core.Int
	ExcludeCharacters       string
	ExcludeLowercase        core.Bool
	ExcludeUppercase        core.Bool
	ExcludeNumbers          core.Bool
	ExcludePunctuation      core.Bool
	IncludeSpace            core.Bool
	RequireEachIncludedType *core.Bool
	SecretStringTemplate    string
	GenerateStringKey       string
}

// Provision creates an AWS::SecretsManager::Secret: Ref and Id are its ARN. Provisioned again it
// takes a changed SecretString as a new version and keeps a value that was generated. Without either it holds nothing until a value is put.
func (s *Service) Provision(_ context.Context, r core.Resource) (core.Physical, error) {
	switch r.Type {
	case "AWS::SecretsManager::Secret":
	case "AWS::SecretsManager::RotationSchedule":
		return s.provisionRotation(r)
	default:
		return core.Physical{}, r.Errorf("the local cloud does not run this type")
	}
	var p secretProperties
	if err := r.Decode(&p, "KmsKeyId", "Tags", "Type"); err != nil {
		return core.Physical{}, err
	}
	if p.SecretString != nil && p.GenerateSecretString != nil {
		return core.Physical{}, r.Errorf("give SecretString or GenerateSecretString, not both")
	}
	if p.Name == "" {
		p.Name = r.PhysicalName()
	}
	sec := s.ensure(r.Region, p)
	if err := s.fill(sec, p); err != nil {
		return core.Physical{}, r.Errorf("%v", err)
	}
	return core.Physical{Ref: sec.arn, Attrs: map[string]any{"Id": sec.arn}}, nil
}

func (s *Service) ensure(region string, p secretProperties) *secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.secrets[region+"/"+p.Name]
	if sec == nil {
		sec = &secret{arn: secretARN(region, p.Name), name: p.Name, created: s.cloud.Now(), versions: map[string]*keyVersion{}}
		s.secrets[region+"/"+p.Name] = sec
	}
	sec.description = p.Description
	return sec
}

func (s *Service) fill(sec *secret, p secretProperties) error {
	sec.mu.Lock()
	was := sec.staged(current)
	sec.mu.Unlock()
	text := p.SecretString
	switch {
	case p.GenerateSecretString != nil && was == nil:
		made, err := p.GenerateSecretString.make(s.cloud.Rand)
		if err != nil {
			return err
		}
		text = &made
	case text == nil, was != nil && was.text != nil && *was.text == *text:
		return nil
	}
	_, err := sec.put(&keyVersion{id: s.cloud.Rand.UUID(), text: text, created: s.cloud.Now()}, nil)
	return err
}

// Fill puts a value into a secret that holds none; one that holds some keeps it.
func (s *Service) Fill(region, id, value string) error {
	sec := s.find(region, id)
	if sec == nil {
		return fmt.Errorf("there is no secret %s in %s", id, region)
	}
	sec.mu.Lock()
	was := sec.staged(current)
	sec.mu.Unlock()
	if was != nil {
		return nil
	}
	_, err := sec.put(&keyVersion{id: s.cloud.Rand.UUID(), text: &value, created: s.cloud.Now()}, nil)
	return err
}

// make draws a password and, when there is a template, puts it into the template's object.
func (g generator) make(rand *core.Rand) (string, error) {
	password := g.password(rand)
	if g.SecretStringTemplate == "" {
		return password, nil
	}
	object := map[string]any{}
	if err := json.Unmarshal([]byte(g.SecretStringTemplate), &object); err != nil {
		return "", err
	}
	object[g.GenerateStringKey] = password
	out, err := json.Marshal(object)
	return string(out), err
}

func (g generator) password(rand *core.Rand) string {
	length := 32
	if g.PasswordLength != nil {
		length = int(*g.PasswordLength)
	}
	kinds := g.alphabets()
	all := strings.Join(kinds, "")
	if all == "" {
		return ""
	}
	out := make([]byte, 0, length)
	if g.RequireEachIncludedType == nil || bool(*g.RequireEachIncludedType) {
		for _, kind := range kinds {
			out = append(out, kind[rand.IntN(len(kind))])
		}
	}
	for len(out) < length {
		out = append(out, all[rand.IntN(len(all))])
	}
	for i := len(out) - 1; i > 0; i-- { // the required characters must not always come first
		j := rand.IntN(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return string(out[:length])
}

func (g generator) alphabets() []string {
	var kinds []string
	add := func(excluded core.Bool, set string) {
		set = strings.Map(func(r rune) rune {
			if strings.ContainsRune(g.ExcludeCharacters, r) {
				return -1
			}
			return r
		}, set)
		if !bool(excluded) && set != "" {
			kinds = append(kinds, set)
		}
	}
	add(g.ExcludeLowercase, "abcdefghijklmnopqrstuvwxyz")
	add(g.ExcludeUppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	add(g.ExcludeNumbers, "0123456789")
	add(g.ExcludePunctuation, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
	add(!g.IncludeSpace, " ")
	return kinds
}

// Package agreed reads the pacts: what each consumer has said it needs of each provider. The consumers' tests write them, the providers'
// tests are held to them, and docs/contracts.md is made from them.
//
// It guarantees one form for each pact: interactions in the order of their descriptions, and nothing in the file that depends on the
// version of a tool. It does not judge a pact; the providers' tests do.
package agreed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// The types of interactions, as version 4 of the Pact specification names them
// (https://github.com/pact-foundation/pact-specification/tree/version-4).
const (
	HTTP     = "Synchronous/HTTP"
	Event    = "Asynchronous/Messages"
	Question = "Synchronous/Messages" // an invocation of a function and its answer
)

// Pact is what one consumer needs of one provider.
type Pact struct {
	Consumer     string
	Provider     string
	File         string // where it was read
	Interactions []Interaction
}

// Interaction is one thing that a consumer does, or takes.
type Interaction struct {
	Type        string
	Description string
	States      []string // what the provider must have made so before
	Raw         json.RawMessage
}

type file struct {
	Consumer     struct{ Name string }
	Provider     struct{ Name string }
	Interactions []json.RawMessage
}

// Read reads all pacts of a folder, sorted by consumer and provider.
func Read(dir string) ([]Pact, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there are no pacts in %s: run `make pacts`", dir)
	}
	var all []Pact
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p, err := parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		p.File = name
		all = append(all, p)
	}
	sort.Slice(all, func(i, j int) bool {
		return all[i].Consumer+" "+all[i].Provider < all[j].Consumer+" "+all[j].Provider
	})
	return all, nil
}

func parse(raw []byte) (Pact, error) {
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return Pact{}, err
	}
	p := Pact{Consumer: f.Consumer.Name, Provider: f.Provider.Name}
	if p.Consumer == "" || p.Provider == "" || len(f.Interactions) == 0 {
		return Pact{}, errors.New("this is no pact: it must name a consumer, a provider and what happens between them")
	}
	for _, r := range f.Interactions {
		i, err := parseInteraction(r)
		if err != nil {
			return Pact{}, err
		}
		p.Interactions = append(p.Interactions, i)
	}
	sort.SliceStable(p.Interactions, func(a, b int) bool { return p.Interactions[a].Description < p.Interactions[b].Description })
	return p, nil
}

func parseInteraction(raw json.RawMessage) (Interaction, error) {
	var in struct {
		Type, Description string
		ProviderStates    []struct{ Name string }
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return Interaction{}, err
	}
	i := Interaction{Type: in.Type, Description: in.Description, Raw: raw}
	for _, s := range in.ProviderStates {
		i.States = append(i.States, s.Name)
	}
	return i, nil
}

// Normal is a pact in its one form. What it was made with is left out of the metadata, all but the version of the specification.
func Normal(raw []byte) ([]byte, error) {
	p, err := parse(raw)
	if err != nil {
		return nil, err
	}
	interactions := make([]any, len(p.Interactions))
	for i, in := range p.Interactions {
		d := json.NewDecoder(bytes.NewReader(in.Raw))
		d.UseNumber()
		if err := d.Decode(&interactions[i]); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(map[string]any{
		"consumer": map[string]string{"name": p.Consumer}, "provider": map[string]string{"name": p.Provider}, "interactions": interactions,
		"metadata": map[string]any{"pactSpecification": map[string]string{"version": "4.0"}},
	})
	return out.Bytes(), err
}

// States are the provider states that the pacts of a provider name, each once.
func States(all []Pact, provider string) []string {
	seen := map[string]bool{}
	var out []string
	for _, p := range all {
		for _, i := range p.Interactions {
			for _, s := range i.States {
				if p.Provider == provider && !seen[s] {
					seen[s] = true
					out = append(out, s)
				}
			}
		}
	}
	sort.Strings(out)
	return out
}

// Unknown says which interactions of a provider name a state that it cannot be put into, one line for each.
func Unknown[T any](all []Pact, provider string, known map[string]T) error {
	var wrong []string
	for _, p := range all {
		for _, i := range p.Interactions {
			for _, s := range i.States {
				if _, ok := known[s]; !ok && p.Provider == provider {
					wrong = append(wrong, fmt.Sprintf("%s asks %s for %q in the state %q, which the provider's test does not know: add it there or correct the consumer's test",
						p.Consumer, p.Provider, i.Description, s))
				}
			}
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

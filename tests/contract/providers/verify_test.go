//go:build pact

package providers_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/pact-foundation/pact-go/v2/message"
	"github.com/pact-foundation/pact-go/v2/models"
	"github.com/pact-foundation/pact-go/v2/provider"

	"twofold/tests/contract/agreed"
)

const pacts = "../pacts"

// state puts a provider into a state and tells what the pact may name of it.
type state func() (map[string]any, error)

// verification is how a provider is asked.
type verification struct {
	base     string
	states   map[string]state
	filter   func(next http.Handler) http.Handler
	messages func(p agreed.Pact) message.Handlers // of events and answers
}

// verify holds a provider to every pact that there is of it.
func verify(t *testing.T, name string, v verification) {
	t.Helper()
	all, err := agreed.Read(pacts)
	if err != nil {
		t.Fatal(err)
	}
	if err := agreed.Unknown(all, name, v.states); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range all {
		if p.Provider == name {
			found = true
			t.Run(p.Consumer, func(t *testing.T) { v.verify(t, p) })
		}
	}
	if !found {
		t.Errorf("nobody has a pact with %s", name)
	}
}

func (v verification) verify(t *testing.T, p agreed.Pact) {
	var failed []error
	handlers := models.StateHandlers{}
	for name, make := range v.states {
		handlers[name] = func(setup bool, _ models.ProviderState) (models.ProviderStateResponse, error) {
			if !setup {
				return nil, nil
			}
			out, err := make()
			if err != nil {
				failed = append(failed, fmt.Errorf("%s cannot be put into the state %q: %w", p.Provider, name, err))
			}
			return out, err
		}
	}
	file, err := filepath.Abs(p.File)
	if err != nil {
		t.Fatal(err)
	}
	var messages message.Handlers
	if v.messages != nil {
		messages = v.messages(p)
	}
	request := provider.VerifyRequest{Provider: p.Provider, ProviderBaseURL: v.base, PactFiles: []string{file},
		StateHandlers: handlers, RequestFilter: v.filter, MessageHandlers: messages, DisableColoredOutput: true}
	atBroker(&request, p.Consumer)
	err = provider.NewVerifier().VerifyProvider(t, request)
	if err := errors.Join(append(failed, err)...); err != nil {
		t.Errorf("%s does not give %s what it needs (the pact is %s): %v", p.Provider, p.Consumer, filepath.Base(p.File), err)
	}
}

// atBroker takes the pact from the broker instead, and tells it the result: with TWOFOLD_PACT_VERSION, which `make pact-publish` sets after it
// has published the pacts of that version.
func atBroker(r *provider.VerifyRequest, consumer string) {
	version := os.Getenv("TWOFOLD_PACT_VERSION")
	if version == "" {
		return
	}
	branch := os.Getenv("TWOFOLD_PACT_BRANCH")
	r.PactFiles, r.BrokerURL, r.BrokerToken = nil, os.Getenv("PACT_BROKER_BASE_URL"), os.Getenv("PACT_BROKER_TOKEN")
	r.ConsumerVersionSelectors = []provider.Selector{&provider.ConsumerVersionSelector{Consumer: consumer, Branch: branch}}
	r.ProviderVersion, r.ProviderBranch, r.PublishVerificationResults, r.FailIfNoPactsFound = version, branch, true, true
}

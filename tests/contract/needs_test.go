package contract_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twofold/tests/contract/agreed"
)

// A rule that brings an event to somebody, and a function that asks another, have a pact.
func TestWhateverAStackConsumesHasAPact(t *testing.T) {
	needs, pacts := read(t)
	rules, questions := 0, 0
	for _, n := range needs {
		if n.Event != "" {
			rules++
		} else {
			questions++
		}
		if !covered(pacts, n) {
			t.Errorf("%s: %s takes %s from %s and there is no pact between %s and %s that says what it needs of it: write the consumer's test in tests/contract and run `make pacts`",
				n.Where, n.Consumer, what(n), n.Provider, n.Consumer, n.Provider)
		}
	}
	if rules < 10 || questions < 5 {
		t.Errorf("only %d events and %d questions were found in the stacks", rules, questions)
	}
}

// A pact is of a consumer that exists, and says of events only what a rule brings.
func TestEveryPactIsOfAConsumerThatExists(t *testing.T) {
	needs, pacts := read(t)
	for _, p := range pacts {
		if !exists(p.Consumer) {
			t.Errorf("%s is a pact between %s and %s, and there is no %s any more: delete it with its test", filepath.Base(p.File), p.Consumer, p.Provider, p.Consumer)
		}
		for _, i := range p.Interactions {
			if i.Type == agreed.Event && !brought(needs, p, i.Description) {
				t.Errorf("%s: %s needs %s of %s, and no rule in stacks brings it: add the rule or take it out of the consumer's test", filepath.Base(p.File), p.Consumer, i.Description, p.Provider)
			}
			if i.Type == agreed.Question && !brought(needs, p, "") {
				t.Errorf("%s: %s asks %s, and no stack gives it the function's name", filepath.Base(p.File), p.Consumer, p.Provider)
			}
		}
	}
}

func TestTheDocumentOfContractsSaysWhatThePactsSay(t *testing.T) {
	_, pacts := read(t)
	have, err := os.ReadFile("../../docs/contracts.md")
	if err != nil || string(have) != agreed.Document(pacts) {
		t.Errorf("docs/contracts.md is not what the pacts say: run `make pacts` and commit it (%v)", err)
	}
}

func read(t *testing.T) ([]agreed.Need, []agreed.Pact) {
	t.Helper()
	needs, err := agreed.Needs("../../stacks")
	if err != nil {
		t.Fatal(err)
	}
	pacts, err := agreed.Read("pacts")
	if err != nil {
		t.Fatal(err)
	}
	return needs, pacts
}

func what(n agreed.Need) string {
	if n.Event == "" {
		return "answers"
	}
	return n.Event
}

func covered(pacts []agreed.Pact, n agreed.Need) bool {
	for _, p := range pacts {
		for _, i := range p.Interactions {
			event, question := i.Type == agreed.Event && i.Description == n.Event, i.Type == agreed.Question && n.Event == ""
			if p.Consumer == n.Consumer && p.Provider == n.Provider && (event || question) {
				return true
			}
		}
	}
	return false
}

func brought(needs []agreed.Need, p agreed.Pact, event string) bool {
	for _, n := range needs {
		if n.Consumer == p.Consumer && n.Provider == p.Provider && n.Event == event {
			return true
		}
	}
	return false
}

// exists reports whether there is such a function, state machine or client.
func exists(consumer string) bool {
	paths := []string{"../../functions/" + consumer}
	if name, ok := strings.CutSuffix(consumer, agreed.MachineSuffix); ok {
		paths = append(paths, "../../statemachine/"+name+".asl.json")
	}
	if name, ok := strings.CutPrefix(consumer, "client-"); ok {
		paths = append(paths, "../../client/"+name)
	}
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			return true
		}
	}
	return false
}

package agreed

import (
	"fmt"
	"strings"
)

// sections are the parts of the document, one for each type of interaction.
var sections = []struct{ of, title, intro, column string }{
	{HTTP, "Over HTTP", "A request and its answer. The provider is put into the state first.", "Request"},
	{Event, "Events", "What a rule brings to a consumer. The provider's test has the event go through fact, stream, pipe, bus and rule.", "Event"},
	{Question, "Functions that services ask", "A function invokes another service's function and reads its answer.", "Question"},
}

// Document is docs/contracts.md.
func Document(all []Pact) string {
	var b strings.Builder
	b.WriteString("# Contracts: who needs what of whom\n\n" +
		"Written by `make pacts` from the pacts in [tests/contract/pacts](../tests/contract/pacts): do not edit. A consumer's test writes its pact by running the consumer's own code; " +
		"the provider's test holds the provider to it. `make contract` runs both.\n")
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| consumer | provider | %s | in the state |\n|---|---|---|---|\n", s.title, s.intro, strings.ToLower(s.column))
		for _, p := range all {
			for _, i := range p.Interactions {
				if i.Type == s.of {
					fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", p.Consumer, p.Provider, i.Description, strings.Join(i.States, "; "))
				}
			}
		}
	}
	return b.String()
}

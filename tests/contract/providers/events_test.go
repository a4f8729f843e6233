//go:build pact

package providers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pact-foundation/pact-go/v2/message"
	"github.com/pact-foundation/pact-go/v2/models"

	"twofold/tests/contract/agreed"
)

// Every event is made by a request to the API: it is a fact, a record of the stream, what pipe and template make of it, an event of the bus,
// and what the consumer's rule delivers.
func TestEventsReachTheirConsumersAsTheyNeedThem(t *testing.T) {
	s := openShop(t)
	for _, provider := range []string{"order", "inventory"} {
		verify(t, provider, verification{states: s.states(), messages: s.delivered})
	}
}

// delivered answers with what the rules delivered to a consumer in the state of the moment.
func (s *shop) delivered(p agreed.Pact) message.Handlers {
	out := message.Handlers{}
	for _, i := range p.Interactions {
		out[i.Description] = func([]models.ProviderState) (message.Body, message.Metadata, error) {
			got, ok := s.taps.got[p.Consumer][i.Description]
			if !ok {
				return nil, nil, s.fail(fmt.Errorf("no rule delivers %s of %s to %s: its fact, its pipe's filter or the rule's pattern lets nothing through", i.Description, p.Provider, p.Consumer))
			}
			return got, asJSON, nil
		}
	}
	return out
}

// fail reports what pact-go would only tell its log.
func (s *shop) fail(err error) error {
	s.t.Error(err)
	return err
}

// The functions are asked what the pacts say that their consumers ask.
func TestFunctionsAnswerTheirConsumersAsTheyNeedIt(t *testing.T) {
	s := openShop(t)
	for _, function := range []string{"order-query", "order-facts", "inventory-query", "shipping-saga"} {
		verify(t, function, verification{states: s.states(), messages: s.answered})
	}
}

// The same for what is asked about a region that was given up, in a shop of its own: it is given up for good.
func TestTheOrderServiceTellsWhatALostRegionSold(t *testing.T) {
	s := openShop(t)
	verify(t, "order-adopt", verification{states: s.states(), messages: s.answered})
}

func (s *shop) answered(p agreed.Pact) message.Handlers {
	out := message.Handlers{}
	for _, i := range p.Interactions {
		out[i.Description] = func([]models.ProviderState) (message.Body, message.Metadata, error) {
			var in struct {
				Request struct {
					Contents struct{ Content json.RawMessage }
				}
			}
			if err := json.Unmarshal(i.Raw, &in); err != nil {
				return nil, nil, s.fail(err)
			}
			question := strings.NewReplacer(pactOrder, s.order, pactSKU, s.sku).Replace(string(in.Request.Contents.Content))
			answer, err := s.ask(p.Provider, question)
			if err != nil {
				return nil, nil, s.fail(fmt.Errorf("%s asks %s %s: %w", p.Consumer, p.Provider, question, err))
			}
			return json.RawMessage(answer), asJSON, nil
		}
	}
	return out
}

// ask invokes a function as a service does. What it fails with is an answer too: Lambda gives it as JSON.
func (s *shop) ask(function, question string) ([]byte, error) {
	answer, err := s.Invoke(context.Background(), s.region, prefix+function, []byte(question))
	if err != nil {
		_, payload, _ := strings.Cut(err.Error(), ": ")
		if json.Valid([]byte(payload)) {
			return []byte(payload), nil
		}
	}
	return answer, err
}

// asJSON says what messages are made of.
var asJSON = message.Metadata{"contentType": "application/json"}

package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"twofold/local/providers/stripe"
	"twofold/local/world"
)

// adopt has the operator call the services' adopt functions in a region that lives: what to do about stock is the inventory service's alone.
func (s *stage) adopt(l line) (string, error) {
	region, err := s.region(l.word())
	if err != nil {
		return "", err
	}
	action := l.value("action", "")
	payload, err := json.Marshal(map[string]any{"action": action, "apply": true})
	if err != nil {
		return "", err
	}
	services := []string{"order", "inventory"}
	if action == "adopt" {
		services = services[1:]
	}
	var out strings.Builder
	for _, service := range services {
		answer, err := s.Invoke(context.Background(), region, "twofold-local-"+service+"-adopt", payload)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "%s: %s\n", service, answer)
	}
	return out.String(), nil
}

// provider has the answers of the payment provider and the carrier get lost, though they do what they are asked; or has the next payment that is to be made meet a
// server error; or ends that.
func (s *stage) provider(l line) (string, error) {
	var r world.FaultRates
	switch l.word() {
	case "silent":
		r.ProviderLost = 1
	case "broken":
		s.Stripe().Inject(stripe.Fault{Kind: stripe.ServerError, Op: "create", Times: 1})
		return "ok\n", nil
	case "well":
	default:
		return "", errors.New("silent, broken or well, please")
	}
	s.SetFaults(r)
	return "ok\n", nil
}

package order

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

func TestAFunctionThatIsNotSetUpNamesAllThatItLacks(t *testing.T) {
	env := map[string]string{
		"ORDERS_TABLE": "orders", "TABLE": "order-work", "PEER_REGION": west, "TWO_REGION_ACK": "true", "CATALOGUE_FUNCTION": "inventory-query",
		"STATE_MACHINE_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:saga", "SWEEP_OWN_AFTER": "2m", "SWEEP_PEER_AFTER": "5m", "DEAD_LETTERS_URL": "https://queue",
	}
	full := func(name string) string { return env[name] }
	none := func(string) string { return "" }
	runtime := func(getenv func(string) string) platform.Runtime {
		return platform.Runtime{Getenv: getenv, AWS: aws.Config{Region: east}, Clock: clocktest.At(noon), Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	}
	for name, c := range map[string]struct {
		construct platform.Constructor
		needs     []string
	}{
		"api":    {NewAPI, []string{"ORDERS_TABLE", "TABLE", "PEER_REGION", "TWO_REGION_ACK", "CATALOGUE_FUNCTION"}},
		"query":  {NewQuery, []string{"ORDERS_TABLE"}},
		"facts":  {NewFacts, []string{"ORDERS_TABLE", "PEER_REGION", "TWO_REGION_ACK"}},
		"erase":  {NewErase, []string{"ORDERS_TABLE"}},
		"saga":   {NewSaga, []string{"ORDERS_TABLE"}},
		"sweep":  {NewSweep, []string{"ORDERS_TABLE", "TABLE", "PEER_REGION", "STATE_MACHINE_ARN", "SWEEP_OWN_AFTER", "SWEEP_PEER_AFTER"}},
		"prices": {NewPrices, []string{"TABLE", "DEAD_LETTERS_URL"}},
	} {
		if h, err := c.construct(context.Background(), runtime(full)); err != nil || h == nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := c.construct(context.Background(), runtime(none))
		for _, variable := range c.needs {
			if err == nil || !strings.Contains(err.Error(), variable+" is not set") {
				t.Errorf("%s: %v does not name %s", name, err, variable)
			}
		}
	}
}

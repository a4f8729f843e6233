package conformance

import (
	"context"
	"encoding/json"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

// patternCase is a pattern and what it says of an event, or why it is refused.
type patternCase struct {
	From    string
	Pattern json.RawMessage
	Raw     string // a pattern that is no object
	Event   map[string]any
	Match   bool
	Error   string
}

// event is an event with the members that TestEventPattern asks for.
func (c patternCase) event(t *testing.T) string {
	t.Helper()
	e := map[string]any{"version": "0", "id": "1", "account": "123456789012", "source": "s", "time": "2017-10-02T00:00:00Z",
		"region": region, "resources": []string{}, "detail-type": "t", "detail": map[string]any{}}
	maps.Copy(e, c.Event)
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEventPatternsAnswerAsDocumented(t *testing.T) {
	client := eventbridge.NewFromConfig(cloud(t))
	for _, c := range cases[patternCase](t, "patterns.json") {
		t.Run(c.From, func(t *testing.T) {
			text := c.Raw
			if text == "" {
				text = string(c.Pattern)
			}
			out, err := client.TestEventPattern(context.Background(), &eventbridge.TestEventPatternInput{EventPattern: &text, Event: aws.String(c.event(t))})
			if c.Error != "" {
				refused(t, err, "InvalidEventPatternException", c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out.Result != c.Match {
				t.Errorf("%s of %s: %v, want %v", text, c.event(t), out.Result, c.Match)
			}
		})
	}
}

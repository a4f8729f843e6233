package platform

import (
	"errors"
	"testing"
)

func TestAWebhookIsAnsweredStoredOnlyWhenItIs(t *testing.T) {
	lost := errors.New("lost")
	cases := map[string]struct {
		durability Durability
		err        error
		code       Code // "" for an answer
		stored     bool
	}{
		"stored":           {InTwoRegions, nil, "", true},
		"nothing to store": {"", nil, "", false},
		"an unknown order": {"", Refuse(NotFound, "no such order"), Conflict, false},
		"a failure":        {"", Wrap(Unavailable, lost), Unavailable, false},
	}
	for name, c := range cases {
		res, err := WebhookStored(c.durability, c.err)
		if c.code != "" {
			if CodeOf(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || res.Status != 200 || res.Body != (WebhookReceived{Stored: c.stored}) || res.Header[DurabilityHeader] != string(c.durability) {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

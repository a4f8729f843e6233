package world_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"twofold/internal/platform"
	"twofold/local/core"
	"twofold/local/providers/webhook"
	"twofold/local/secretsmanager"
)

// secrets asks Secrets Manager of a region as the operator.
func (s *shop) secrets(region, operation string, in map[string]any) (out map[string]any, err error) {
	s.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	s.do(operation, func(ctx context.Context) error {
		var reply *core.Reply
		if reply, err = s.Cloud().Do(ctx, &core.Call{Region: region, Service: "secretsmanager", Operation: operation, Body: raw}); err == nil {
			_, _, body := core.Encode(reply, nil)
			return json.Unmarshal(body, &out)
		}
		return nil
	})
	return out, err
}

// current is the key that is current in a region, version its version.
func (s *shop) current(region, secret string) string {
	s.t.Helper()
	return s.held(region, secret, "SecretString")
}

func (s *shop) version(region, secret string) string {
	s.t.Helper()
	return s.held(region, secret, "VersionId")
}

func (s *shop) held(region, secret, member string) string {
	s.t.Helper()
	out, err := s.secrets(region, "GetSecretValue", map[string]any{"SecretId": secret})
	if err != nil {
		s.t.Fatal(err)
	}
	return out[member].(string)
}

// signed is how a region answers a webhook of the payment provider that changes nothing.
func (s *shop) signed(region, key string) (status int) {
	s.t.Helper()
	const body = `{"id":"evt_1","type":"charge.updated","data":{"object":{"id":"ch_1"}}}`
	s.do("webhook", func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.APIURL(region)+"/v1/webhooks/payments", strings.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Stripe-Signature", webhook.Sign([]byte(body), key, s.Cloud().Now()))
		res, err := (&http.Client{Transport: s.Transport()}).Do(r)
		if err != nil {
			return err
		}
		status = res.StatusCode
		return res.Body.Close()
	})
	return status
}

// rotate asks for a rotation in a region and says how it ended.
func (s *shop) rotate(region, secret string) string {
	s.t.Helper()
	s.Cloud().Journal.Keep(secretsmanager.KindRotation)
	before := len(s.Cloud().Journal.Entries(secretsmanager.KindRotation))
	if _, err := s.secrets(region, "RotateSecret", map[string]any{"SecretId": secret}); err != nil {
		return err.Error()
	}
	s.wait(20 * time.Second)
	ended := s.Cloud().Journal.Entries(secretsmanager.KindRotation)
	if len(ended) != before+1 {
		s.t.Fatalf("%d rotations ended", len(ended)-before)
	}
	return ended[before].Detail
}

const signingSecret = "twofold/local/stripe-webhook"

func TestARotatedWebhookSecretOverlapsWithTheOneBeforeForADayAndThenReplacesIt(t *testing.T) {
	s := simulate(t, 31)
	s.stock("TEA-1", 10)
	answers := func(when string, want map[string]int) {
		t.Helper()
		for key, status := range want {
			if got := s.signed(s.east, key); got != status {
				t.Errorf("%s: a webhook signed by %s is answered %d, not %d", when, key, got, status)
			}
		}
	}
	keys := []string{s.current(s.east, signingSecret)}
	answers("before", map[string]int{keys[0]: 200, "whsec_forged": 401})
	for range 2 {
		s.wait(time.Minute)
		if how := s.rotate(s.east, signingSecret); how != "rotated" {
			t.Fatal(how)
		}
		keys = append(keys, s.current(s.east, signingSecret))
		n := len(keys) - 1
		answers("in the overlap", map[string]int{keys[n-1]: 200, keys[n]: 200, "whsec_forged": 401})
		if s.signed(s.west, keys[n]) != 401 || s.signed(s.west, keys[0]) != 200 {
			t.Error("the other region took part")
		}
	}
	s.Stripe().Notify(nil) // from now on Stripe knows only the endpoints that the rotations made
	s.paidAfterAuthentication()
	s.review(s.east)
	if n := len(s.Stripe().Endpoints()); n != 2 {
		t.Errorf("%d endpoints in the overlap", n)
	}
	s.wait(platform.SecretOverlap)
	answers("after it", map[string]int{keys[0]: 401, keys[1]: 401, keys[2]: 200})
	s.review(s.east)
	if left := s.Stripe().Endpoints(); len(left) != 1 || !strings.HasSuffix(left[0], "?version="+s.version(s.east, signingSecret)) {
		t.Errorf("endpoints after it: %v", left)
	}
}

// paidAfterAuthentication is an order that goes on by a webhook.
func (s *shop) paidAfterAuthentication() {
	s.t.Helper()
	id := s.buy(order{s.east, "TEA-1", askingCard, 1, 0})[0]
	s.wait(10 * time.Second)
	if err := s.Stripe().Authenticate(s.Stripe().Intents()[0].ID, true); err != nil {
		s.t.Fatal(err)
	}
	s.wait(10 * time.Second)
	if state := s.stateOf(s.east)[id]; state != "CONFIRMED" {
		s.t.Errorf("an order that waited for a webhook is %s", state)
	}
}

// review is the daily look at the secrets.
func (s *shop) review(region string) {
	s.t.Helper()
	if err := s.step(region, "payment-rotate", platform.StepReview, "", ""); err != nil {
		s.t.Fatal(err)
	}
}

// step calls a rotation function as the operator.
func (s *shop) step(region, function, step, secret, version string) (failed error) {
	s.t.Helper()
	raw, err := json.Marshal(map[string]string{"SecretId": secret, "ClientRequestToken": version, "Step": step})
	if err != nil {
		s.t.Fatal(err)
	}
	s.do(step, func(ctx context.Context) error {
		_, failed = s.Invoke(ctx, region, "twofold-local-"+function, raw)
		return nil
	})
	return failed
}

// offerKey puts a key beside the current one and goes through the steps that are left to an operator.
func (s *shop) offerKey(region, function, secret, key string) error {
	s.t.Helper()
	out, err := s.secrets(region, "PutSecretValue", map[string]any{"SecretId": secret, "SecretString": key, "VersionStages": []string{"AWSPENDING"}})
	if err != nil {
		s.t.Fatal(err)
	}
	arn, version := fmt.Sprint(out["ARN"]), fmt.Sprint(out["VersionId"])
	tested, finished := s.step(region, function, platform.StepTest, arn, version), s.step(region, function, platform.StepFinish, arn, version)
	if (tested == nil) != (finished == nil) {
		s.t.Errorf("the test says %v, and the end %v", tested, finished)
	}
	return finished
}

func TestAKeyThatTheIssuerRefusesNeverBecomesCurrentAndOneThatItTakesIsTakenUpWithoutADeployment(t *testing.T) {
	s := simulate(t, 33)
	s.stock("TEA-1", 10)
	for _, c := range []struct {
		function, secret string
		add, end         func(key string)
	}{
		{"payment-rotate", "twofold/local/stripe", s.Stripe().AddKey, s.Stripe().EndKey},
		{"shipping-rotate", "twofold/local/carrier", s.Carrier().AddKey, s.Carrier().EndKey},
	} {
		old := s.current(s.east, c.secret)
		if err := s.offerKey(s.east, c.function, c.secret, "key_nobody_knows"); err == nil || !strings.Contains(err.Error(), `"errorType":"Unprocessable"`) || !strings.Contains(err.Error(), "the new key is refused") || strings.Contains(err.Error(), "nobody") {
			t.Errorf("%s: %v", c.secret, err)
		}
		if now := s.current(s.east, c.secret); now != old {
			t.Fatalf("%s: %s is current", c.secret, now)
		}
		c.add("key_made_by_hand")
		if err := s.offerKey(s.east, c.function, c.secret, "key_made_by_hand"); err != nil {
			t.Fatalf("%s: %v", c.secret, err)
		}
		if now := s.current(s.east, c.secret); now != "key_made_by_hand" {
			t.Errorf("%s: %s is current", c.secret, now)
		}
		s.wait(65 * time.Minute)
		c.end(old)
	}
	id := s.buy(order{s.east, "TEA-1", goodCard, 1, 0})[0]
	s.wait(10 * time.Second)
	if state := s.stateOf(s.east)[id]; state != "CONFIRMED" {
		t.Errorf("an order after the old keys have ended is %s", state)
	}
}

func TestAWebhookSecretThatAPersonPutIsLongEnoughAndNew(t *testing.T) {
	s := simulate(t, 34)
	const secret, long = "twofold/local/carrier-webhook", "carrier_webhook_of_tomorrow"
	if err := s.offerKey(s.east, "shipping-rotate", secret, "short"); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("a short one: %v", err)
	}
	out, err := s.secrets(s.east, "PutSecretValue", map[string]any{"SecretId": secret, "SecretString": long, "VersionStages": []string{"AWSPENDING"}})
	if err != nil {
		t.Fatal(err)
	}
	s.wait(2 * time.Hour)
	if err := s.step(s.east, "shipping-rotate", platform.StepFinish, fmt.Sprint(out["ARN"]), fmt.Sprint(out["VersionId"])); err == nil || !strings.Contains(err.Error(), "put it again") {
		t.Errorf("one that was put two hours ago: %v", err)
	}
	if err := s.offerKey(s.east, "shipping-rotate", secret, long); err != nil || s.current(s.east, secret) != long {
		t.Errorf("%v, and current is %s", err, s.current(s.east, secret))
	}
}

func TestASetUpOfAScheduleIsTriedOutWithoutANewKey(t *testing.T) {
	s := simulate(t, 36)
	now := s.current(s.east, signingSecret)
	out, err := s.secrets(s.east, "PutSecretValue", map[string]any{"SecretId": signingSecret, "SecretString": now, "VersionStages": []string{"AWSPENDING"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.step(s.east, "payment-rotate", platform.StepTest, fmt.Sprint(out["ARN"]), fmt.Sprint(out["VersionId"])); err != nil {
		t.Error(err)
	}
	if err := s.step(s.east, "payment-rotate", platform.StepTest, fmt.Sprint(out["ARN"]), "no-such-version"); err == nil || !strings.Contains(err.Error(), "is not pending") {
		t.Errorf("a version that nobody has begun: %v", err)
	}
	if err := s.step(s.east, "payment-rotate", platform.StepTest, "arn:of:another", fmt.Sprint(out["VersionId"])); err == nil || !strings.Contains(err.Error(), "is not this function's") {
		t.Errorf("another's secret: %v", err)
	}
}

func TestARotationThatFailsLeavesTheKeyAndIsTriedAgainWhenItsVersionIsTakenAway(t *testing.T) {
	s := simulate(t, 35)
	old := s.current(s.east, signingSecret)
	s.Stripe().EndKey("sk_test_local")
	if how := s.rotate(s.east, signingSecret); !strings.HasPrefix(how, "failed: createSecret") {
		t.Errorf("without a key at the provider: %s", how)
	}
	if now := s.current(s.east, signingSecret); now != old {
		t.Errorf("%s is current", now)
	}
	s.Stripe().AddKey("sk_test_local")
	if how := s.rotate(s.east, signingSecret); !strings.Contains(how, "previous rotation isn't complete") {
		t.Errorf("beside a pending version: %s", how)
	}
	d, err := s.secrets(s.east, "DescribeSecret", map[string]any{"SecretId": signingSecret})
	if err != nil {
		t.Fatal(err)
	}
	for version, stages := range d["VersionIdsToStages"].(map[string]any) {
		if strings.Contains(fmt.Sprint(stages), "AWSPENDING") {
			if _, err := s.secrets(s.east, "UpdateSecretVersionStage", map[string]any{"SecretId": signingSecret, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if how := s.rotate(s.east, signingSecret); how != "rotated" {
		t.Error(how)
	}
}

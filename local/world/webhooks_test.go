package world_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"twofold/local/providers/webhook"
)

const askingCard = "pm_card_authenticationRequired"

func TestAShopperWhoAuthenticatesGetsTheOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		passed bool
		want   string
	}{{"passes", true, "CONFIRMED"}, {"fails", false, "REJECTED"}} {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, 11)
			s.stock("TEA-1", 10)
			s.StripeWebhooks().Inject(webhook.Fault{Delay: 5 * time.Second, Copies: 1})
			id := s.buy(order{s.east, "TEA-1", askingCard, 2, 0})[0]
			s.wait(10 * time.Second)
			if state := s.stateOf(s.west)[id]; state != "ACTION_REQUIRED" {
				t.Fatalf("the order is %s", state)
			}
			if err := s.Stripe().Authenticate(s.Stripe().Intents()[0].ID, c.passed); err != nil {
				t.Fatal(err)
			}
			s.wait(30 * time.Second) // sooner than any sweep
			for _, region := range s.Regions() {
				if state := s.stateOf(region)[id]; state != c.want {
					t.Errorf("in %s the order is %s, want %s", region, state, c.want)
				}
			}
			s.kept()
		})
	}
}

func TestWhatTheCarrierTellsReachesBothRegions(t *testing.T) {
	s := simulate(t, 12)
	s.stock("TEA-1", 10)
	s.CarrierWebhooks().Inject(webhook.Fault{Type: "shipment.dispatched", Delay: time.Minute, Copies: 2}) // the delivery overtakes it
	id := s.buy(order{s.west, "TEA-1", goodCard, 1, 0})[0]
	s.wait(10 * time.Second)
	for _, step := range []func(string) error{s.Carrier().Dispatch, s.Carrier().Deliver} {
		if err := step(id); err != nil {
			t.Fatal(err)
		}
	}
	s.wait(5 * time.Minute)
	for _, region := range s.Regions() {
		if state := s.stateOf(region)[id]; state != "DELIVERED" {
			t.Errorf("in %s the order is %s", region, state)
		}
	}
	s.kept()
}

func TestAWebhookFindsTheRegionThatIsLeft(t *testing.T) {
	s := simulate(t, 13)
	s.stock("TEA-1", 10)
	ids := s.buy(order{s.west, "TEA-1", goodCard, 1, 0}, order{s.west, "TEA-1", goodCard, 1, 1})
	s.wait(10 * time.Second)
	s.LoseRegion(s.east)
	for _, id := range ids {
		if err := s.Carrier().Dispatch(id); err != nil {
			t.Fatal(err)
		}
	}
	s.wait(10 * time.Second)
	for _, id := range ids {
		if state := s.stateOf(s.west)[id]; state != "DISPATCHED" {
			t.Errorf("the order is %s", state)
		}
	}
	s.RestoreRegion(s.east)
	s.wait(10 * time.Minute)
	s.kept()
}

func TestWebhooksAreRefusedAtTheDoor(t *testing.T) {
	s := simulate(t, 14)
	now := s.Cloud().Now()
	const event = `{"id":"evt_1","type":"shipment.delivered","reference":"ord_abcdefghijklmnopqrstuvwxyz"}`
	const washed = `{"id":"evt_1","type":"van.washed","reference":"any"}`
	sign := func(body string, at time.Time) string { return webhook.Sign([]byte(body), "carrier_webhook_local", at) }
	for _, c := range []struct {
		name, body, signature string
		status                int
		contains              string
	}{
		{"unsigned", event, "", 401, `"code":"BadSignature"`},
		{"forged", event, webhook.Sign([]byte(event), "guess", now), 401, `"code":"BadSignature"`},
		{"stale", event, sign(event, now.Add(-6*time.Minute)), 401, "newly signed"},
		{"malformed", "{", sign("{", now), 400, `"code":"InvalidRequest"`},
		{"of an order that nobody knows", event, sign(event, now), 409, `"code":"Conflict"`},
		{"of no interest", washed, sign(washed, now), 200, `{"stored":false}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.do("webhook", func(ctx context.Context) error {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.APIURL(s.east)+"/v1/webhooks/carrier", strings.NewReader(c.body))
				if err != nil {
					return err
				}
				req.Header.Set("Carrier-Signature", c.signature)
				res, err := (&http.Client{Transport: s.Transport()}).Do(req)
				if err != nil {
					return err
				}
				raw, err := io.ReadAll(res.Body)
				err = errors.Join(err, res.Body.Close())
				got := string(raw)
				if err == nil && (res.StatusCode != c.status || !strings.Contains(got, c.contains)) {
					err = fmt.Errorf("%d %s", res.StatusCode, got)
				}
				if kind := res.Header.Get("Content-Type"); err == nil && c.status >= 400 && kind != "application/problem+json" {
					err = fmt.Errorf("the answer is %s", kind)
				}
				return err
			})
		})
	}
}

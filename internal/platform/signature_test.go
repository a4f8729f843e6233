package platform

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const whsec = "whsec_1"

func signed(body, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body) // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

func TestSignatures(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const body = `{"id":"evt_1"}`
	header := func(at time.Time, v1 string) string { return fmt.Sprintf("t=%d,v1=%s", at.Unix(), v1) }
	good := signed(body, whsec, now)
	cases := []struct {
		name, header string
		ok           bool
	}{
		{"good", header(now, good), true},
		{"with spaces, another scheme and an old secret", fmt.Sprintf("t=%d, v1=%s, v0=00, v1=%s", now.Unix(), signed(body, "whsec_0", now), good), true},
		{"the oldest that passes", header(now.Add(-5*time.Minute), signed(body, whsec, now.Add(-5*time.Minute))), true},
		{"a clock that runs ahead", header(now.Add(time.Minute), signed(body, whsec, now.Add(time.Minute))), true},
		{"unsigned", "", false},
		{"stale", header(now.Add(-301*time.Second), signed(body, whsec, now.Add(-301*time.Second))), false},
		{"of tomorrow", header(now.Add(24*time.Hour), signed(body, whsec, now.Add(24*time.Hour))), false},
		{"made younger", header(now, signed(body, whsec, now.Add(-time.Hour))), false},
		{"another secret", header(now, signed(body, "whsec_0", now)), false},
		{"another body", header(now, signed(body+" ", whsec, now)), false},
		{"no time", "v1=" + good, false},
		{"no signature", fmt.Sprintf("t=%d", now.Unix()), false},
		{"another scheme alone", fmt.Sprintf("t=%d,v0=%s", now.Unix(), good), false},
		{"no hex", header(now, "zz"), false},
		{"empty signature", header(now, ""), false},
		{"malformed", "Bearer x", false},
	}
	for _, c := range cases {
		err := CheckSignature(c.header, body, []string{whsec}, now)
		if (err == nil) != c.ok || err != nil && CodeOf(err) != BadSignature {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNobodyPassesWithoutTheSecret(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	rapid.Check(t, func(t *rapid.T) {
		body, guess := rapid.String().Draw(t, "body"), rapid.String().Filter(func(s string) bool { return s != whsec }).Draw(t, "guess")
		header := fmt.Sprintf("t=%d,v1=%s", now.Unix(), signed(body, guess, now))
		if CheckSignature(header, body, []string{whsec}, now) == nil || CheckSignature(rapid.String().Draw(t, "header"), body, []string{whsec}, now) == nil {
			t.Fatal("passed")
		}
	})
}

package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"twofold/internal/platform/clocktest"
)

// vault is Secrets Manager with one secret: values by label, and when the current one was made.
type vault struct {
	values map[string]string
	made   time.Time
	down   bool
	asked  int
}

func (v *vault) RoundTrip(r *http.Request) (*http.Response, error) {
	v.asked++
	var in struct{ VersionStage string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	status, body := http.StatusOK, fmt.Sprintf(`{"SecretString":%q,"CreatedDate":%d}`, v.values[in.VersionStage], v.made.Unix())
	switch {
	case v.down:
		status, body = http.StatusInternalServerError, `{"__type":"InternalServiceError"}`
	case v.values[in.VersionStage] == "":
		status, body = http.StatusBadRequest, `{"__type":"ResourceNotFoundException"}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func newSecret(signs bool) (*Secret, *vault, *clocktest.Clock, *bytes.Buffer) {
	clock, log := clocktest.At(time.Unix(1_700_000_000, 0)), &bytes.Buffer{}
	v := &vault{values: map[string]string{stageCurrent: "key_1"}, made: clock.Now().Add(-time.Minute)}
	rt := Runtime{Clock: clock, Log: slog.New(slog.NewJSONHandler(log, nil)), AWS: aws.Config{Region: "us-east-1", HTTPClient: &http.Client{Transport: v},
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), Retryer: func() aws.Retryer { return aws.NopRetryer{} }}}
	s := rt.Secret("arn:secret")
	if signs {
		s = rt.SigningSecret("arn:secret")
	}
	return s, v, clock, log
}

func TestARotatedKeyIsTakenUpWithinTheHour(t *testing.T) {
	s, v, clock, _ := newSecret(false)
	value := func(want string, asked int) {
		t.Helper()
		if got, err := s.Value(context.Background()); err != nil || got != want || v.asked != asked {
			t.Errorf("%q, %v after %d calls; want %q after %d", got, err, v.asked, want, asked)
		}
	}
	value("key_1", 1)
	v.values[stageCurrent] = "key_2"
	clock.Add(secretFor - time.Second)
	value("key_1", 1)
	clock.Add(time.Second)
	value("key_2", 2)
}

func TestAKeyThatCannotBeReadAgainIsUsedOnAndAskedForSoon(t *testing.T) {
	s, v, clock, log := newSecret(false)
	if _, err := s.Value(context.Background()); err != nil {
		t.Fatal(err)
	}
	v.down = true
	for _, later := range []time.Duration{secretFor, time.Second, againAfter} {
		clock.Add(later)
		if got, err := s.Value(context.Background()); err != nil || got != "key_1" {
			t.Errorf("%s later: %q, %v", later, got, err)
		}
	}
	if v.asked != 3 || strings.Count(log.String(), "cannot be read again") != 2 || strings.Contains(log.String(), "key_1") {
		t.Errorf("%d calls, and the log\n%s", v.asked, log)
	}
	fresh, v, _, _ := newSecret(false)
	v.down = true
	if _, err := fresh.Value(context.Background()); CodeOf(err) != Unavailable {
		t.Errorf("a key that was never read: %v", err)
	}
}

func TestSignaturesByTheKeyBeforeAreTakenForADay(t *testing.T) {
	s, v, clock, _ := newSecret(true)
	verify := func(key string) error {
		return s.Verify(context.Background(), fmt.Sprintf("t=%d,v1=%s", clock.Now().Unix(), signed("{}", key, clock.Now())), "{}")
	}
	if verify("key_1") != nil || CodeOf(verify("key_0")) != BadSignature {
		t.Error("the first key")
	}
	v.values, v.made = map[string]string{stageCurrent: "key_2", stagePrevious: "key_1"}, clock.Now()
	clock.Add(againAfter)
	before := v.asked
	if err := verify("key_2"); err != nil {
		t.Errorf("a key that has just been made: %v", err)
	}
	if verify("key_0") == nil || verify("key_9") == nil || v.asked != before+2 {
		t.Errorf("unknown keys made %d calls", v.asked-before)
	}
	if err := verify("key_1"); err != nil {
		t.Errorf("the key before: %v", err)
	}
	clock.Set(v.made.Add(SecretOverlap))
	if verify("key_2") != nil || CodeOf(verify("key_1")) != BadSignature {
		t.Error("the key before is taken for longer than a day")
	}
}

func TestWhatHasNoSignatureIsRefusedWithoutASecret(t *testing.T) {
	s, v, _, _ := newSecret(true)
	v.values = nil
	if err := s.Verify(context.Background(), "", "{}"); CodeOf(err) != BadSignature || v.asked != 0 {
		t.Errorf("%v after %d calls", err, v.asked)
	}
}

package notification

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"twofold/internal/fact"
	"twofold/internal/platform"
)

// wire answers SES's requests and keeps the last body.
type wire struct {
	status int
	body   string
	sent   string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.sent = r.Method + " " + r.URL.Path + " " + string(body)
	h := http.Header{"Content-Type": {"application/json"}, "X-Amzn-Errortype": {"MessageRejected"}}
	return &http.Response{StatusCode: w.status, Header: h, Body: io.NopCloser(strings.NewReader(w.body)), Request: r}, nil
}

func sender(w *wire) ses {
	return ses{from: "shop@twofold.example", client: sesv2.New(sesv2.Options{
		Region: east, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), HTTPClient: w, Retryer: aws.NopRetryer{}})}
}

func TestAMailGoesToSESWithTextAndHTML(t *testing.T) {
	w := &wire{status: http.StatusOK, body: `{"MessageId":"m1"}`}
	if err := sender(w).Send(t.Context(), "ada@example.com", Notice{OrderID: "ord_1", Kind: fact.Confirmed}, Mail{Subject: "Hello", Text: "plain", HTML: "<p>rich</p>"}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"POST /v2/email/outbound-emails", `"FromEmailAddress":"shop@twofold.example"`, `"ToAddresses":["ada@example.com"]`,
		`"Subject":{"Charset":"UTF-8","Data":"Hello"}`, `"Text":{"Charset":"UTF-8","Data":"plain"}`, `"Html":{"Charset":"UTF-8","Data":"<p>rich</p>"}`} {
		if !strings.Contains(w.sent, part) {
			t.Errorf("%s is missing in %s", part, w.sent)
		}
	}
}

func TestAnErrorOfSESDoesNotNameTheRecipient(t *testing.T) {
	w := &wire{status: http.StatusBadRequest, body: `{"message":"Email address is not verified: ada@example.com"}`}
	err := sender(w).Send(t.Context(), "ada@example.com", Notice{OrderID: "ord_1", Kind: fact.Confirmed}, Mail{})
	if err == nil || strings.Contains(err.Error(), "ada") || !strings.Contains(err.Error(), "MessageRejected") {
		t.Errorf("got %v", err)
	}
}

func TestWhoCannotClaimIsToldHowTheMailStands(t *testing.T) {
	for stored, want := range map[State]State{Claimed: Busy, Sent: Sent, Dropped: Dropped} {
		if got := stateOf(platform.Item{"state": &types.AttributeValueMemberS{Value: string(stored)}}); got != want {
			t.Errorf("%s: got %s, want %s", stored, got, want)
		}
	}
}

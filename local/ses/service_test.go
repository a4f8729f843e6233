package ses

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"twofold/local/core"
)

const region = "us-west-2"

type wire struct {
	cloud *core.Cloud
	as    core.Principal
}

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	reply, err := w.cloud.Do(req.Context(), &core.Call{Region: region, Service: "ses", Method: req.Method, Path: req.URL.Path, Body: body, Principal: w.as})
	status, header, out := core.Encode(reply, err)
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(out))), Request: req}, nil
}

func setup(t *testing.T) (*Service, *core.Cloud) {
	t.Helper()
	faults := core.NewFaults(0)
	cloud := core.New(core.NewLive(faults), faults, 1)
	s := New(cloud)
	cloud.Register("ses", s)
	for typ, props := range map[string]map[string]any{
		"AWS::SES::EmailIdentity":    {"EmailIdentity": "shop.example"},
		"AWS::SES::ConfigurationSet": {"Name": "mails"}} {
		if _, err := s.Provision(t.Context(), core.Resource{Region: region, Type: typ, Properties: props}); err != nil {
			t.Fatal(err)
		}
	}
	return s, cloud
}

func client(cloud *core.Cloud, p core.Principal) *sdk.Client {
	return sdk.New(sdk.Options{Region: region, HTTPClient: &http.Client{Transport: wire{cloud, p}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})})
}

func simple(from string) *sdk.SendEmailInput {
	return &sdk.SendEmailInput{FromEmailAddress: &from, ConfigurationSetName: aws.String("mails"),
		Destination: &types.Destination{ToAddresses: []string{"ann@home.example"}},
		EmailTags:   []types.MessageTag{{Name: aws.String("order"), Value: aws.String("ord_1")}},
		Content: &types.EmailContent{Simple: &types.Message{Subject: &types.Content{Data: aws.String("Hello")},
			Body: &types.Body{Text: &types.Content{Data: aws.String("Your order")}}}}}
}

func TestSimpleMailIsKeptAndJournalHasNoPersonalData(t *testing.T) {
	s, cloud := setup(t)
	cloud.Journal.Keep(core.KindMail)
	as := core.Principal{RoleARN: "arn:aws:iam::000000000000:role/mail", Via: "mail"}
	out, err := client(cloud, as).SendEmail(t.Context(), simple("Shop <orders@shop.example>"))
	if err != nil {
		t.Fatal(err)
	}
	m := s.Mails()[0]
	if m.MessageID != *out.MessageId || m.Subject != "Hello" || m.Text != "Your order" || m.Region != region ||
		m.Principal != as || m.Identity != "shop.example" || m.Tags["order"] != "ord_1" {
		t.Errorf("kept %+v", m)
	}
	entry := fmt.Sprintf("%+v", cloud.Journal.Entries(core.KindMail))
	for _, personal := range []string{"ann", "home.example", "Hello", "Your order"} {
		if strings.Contains(entry, personal) {
			t.Errorf("the journal shows %q: %s", personal, entry)
		}
	}
}

func TestRawMailTakesItsRecipientsFromTheHeaders(t *testing.T) {
	s, cloud := setup(t)
	raw := "From: orders@shop.example\r\nTo: Ann <ann@home.example>\r\nCc: bob@home.example\r\nSubject: Raw\r\n\r\nbody\r\n"
	_, err := client(cloud, core.Principal{}).SendEmail(t.Context(), &sdk.SendEmailInput{
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(raw)}}})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Mails()[0]
	if m.Subject != "Raw" || m.To[0] != "ann@home.example" || m.CC[0] != "bob@home.example" || string(m.Raw) != raw {
		t.Errorf("kept %+v", m)
	}
}

func TestUnverifiedSenderIsRejected(t *testing.T) {
	s, cloud := setup(t)
	_, err := client(cloud, core.Principal{}).SendEmail(t.Context(), simple("x@other.example"))
	var rejected *types.MessageRejected
	if !errors.As(err, &rejected) || !strings.Contains(err.Error(), "US-WEST-2: x@other.example") {
		t.Errorf("got %v", err)
	}
	if len(s.Mails()) != 0 {
		t.Error("a refused mail was kept")
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	cases := map[string]func(*sdk.SendEmailInput){
		"no recipient":   func(in *sdk.SendEmailInput) { in.Destination.ToAddresses = nil },
		"not an address": func(in *sdk.SendEmailInput) { in.Destination.ToAddresses = []string{"nobody"} },
		"too many":       func(in *sdk.SendEmailInput) { in.Destination.ToAddresses = make([]string, 51) },
		"no body":        func(in *sdk.SendEmailInput) { in.Content.Simple.Body = &types.Body{} },
		"unknown set":    func(in *sdk.SendEmailInput) { in.ConfigurationSetName = aws.String("no") },
		"template":       func(in *sdk.SendEmailInput) { in.Content = &types.EmailContent{Template: &types.Template{}} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s, cloud := setup(t)
			in := simple("orders@shop.example")
			change(in)
			c := client(cloud, core.Principal{})
			if _, err := c.SendEmail(t.Context(), in, func(o *sdk.Options) { o.RetryMaxAttempts = 1 }); err == nil || len(s.Mails()) != 0 {
				t.Errorf("accepted: %v", s.Mails())
			}
		})
	}
}

type allowOnly struct{ action, resource string }

func (a allowOnly) Allowed(_ core.Principal, action, resource string, _ []core.ConditionKey) error {
	if action == a.action && resource == a.resource {
		return nil
	}
	return errors.New("no policy allows it")
}

func TestSendingNeedsThePermissionOnTheIdentity(t *testing.T) {
	_, cloud := setup(t)
	as := core.Principal{RoleARN: "arn:aws:iam::000000000000:role/mail"}
	in := simple("orders@shop.example")
	in.ConfigurationSetName = nil
	cloud.UseAuthorizer(allowOnly{"ses:SendEmail", "arn:aws:ses:us-west-2:000000000000:identity/shop.example"})
	if _, err := client(cloud, as).SendEmail(t.Context(), in); err != nil {
		t.Error(err)
	}
	cloud.UseAuthorizer(allowOnly{"ses:SendEmail", "arn:aws:ses:us-west-2:000000000000:identity/other.example"})
	if _, err := client(cloud, as).SendEmail(t.Context(), in); err == nil {
		t.Error("sent without the permission")
	}
}

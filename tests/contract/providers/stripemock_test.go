//go:build pact

package providers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"twofold/tests/contract/agreed"
)

// What stripe-mock answers comes from Stripe's own OpenAPI document. It keeps nothing and refuses nothing but wrong parameters: so every request
// of the pact must be one that Stripe's document allows, and every field that payment reads must be in the document's answer, of that type.
func TestStripesOwnDocumentKnowsWhatPaymentSendsAndReads(t *testing.T) {
	base := startStripeMock(t)
	all, err := agreed.Read(pacts)
	if err != nil {
		t.Fatal(err)
	}
	requests, answers := 0, 0
	for _, p := range all {
		if p.Provider != "stripe" {
			continue
		}
		for _, i := range p.Interactions {
			read, err := replay(base, i)
			if err != nil {
				t.Errorf("%s needs it of %s, and Stripe's OpenAPI document says no: %s: %v", p.Consumer, p.Provider, i.Description, err)
			}
			requests++
			if read {
				answers++
			}
		}
	}
	if requests < 20 || answers < 12 {
		t.Errorf("only %d requests and %d answers were compared", requests, answers)
	}
}

func startStripeMock(t *testing.T) string {
	t.Helper()
	program := os.Getenv("TWOFOLD_STRIPE_MOCK")
	if program == "" {
		t.Fatal("TWOFOLD_STRIPE_MOCK does not name stripe-mock: run this test with `make contract`")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-http-addr", addr)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }) // it says that it was killed
	for range 300 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close() // nothing was sent
			return "http://" + addr
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("stripe-mock has not answered within 30 seconds")
	return ""
}

// call is an interaction as the pact's file has it.
type call struct {
	Request struct {
		Method, Path string
		Query        map[string][]string
		Headers      map[string][]string
		Body         struct{ Content string }
	}
	Response struct {
		Status int
		Body   struct{ Content any }
	}
}

// replay sends an interaction's request and compares the answer if it is none that only a provider with a memory would give.
func replay(base string, i agreed.Interaction) (compared bool, err error) {
	var c call
	if err := json.Unmarshal(i.Raw, &c); err != nil {
		return false, err
	}
	got, err := c.send(base)
	if err != nil || c.Response.Status != http.StatusOK {
		return false, err
	}
	return true, missing("", c.Response.Body.Content, got)
}

func (c call) send(base string) (got any, err error) {
	url := base + c.Request.Path + "?"
	for name, values := range c.Request.Query {
		url += "&" + name + "=" + values[0]
	}
	req, err := http.NewRequest(c.Request.Method, url, strings.NewReader(c.Request.Body.Content))
	if err != nil {
		return nil, err
	}
	for name, values := range c.Request.Headers {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Authorization", "Bearer sk_test_123")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %d %s", res.StatusCode, raw)
	}
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(raw, &got)
	return got, err
}

// missing says which members of the wanted value another does not have, or has with another type. Metadata are the shop's own, what is in a
// next_action depends on the payment method, and a null stands for a value of any type.
func missing(at string, want, got any) error {
	if got == nil || strings.HasSuffix(at, ".metadata") || strings.HasSuffix(at, ".next_action") {
		return nil
	}
	if reflect.TypeOf(want) != reflect.TypeOf(got) {
		return fmt.Errorf("%s is %T in Stripe's document, payment reads %T", at, got, want)
	}
	switch want := want.(type) {
	case map[string]any:
		return missingMembers(at, want, got.(map[string]any))
	case []any:
		have := got.([]any)
		if len(want) == 0 || len(have) == 0 {
			return nil
		}
		return missing(at+"[0]", want[0], have[0])
	}
	return nil
}

func missingMembers(at string, want, got map[string]any) error {
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	sort.Strings(names)
	var all []error
	for _, name := range names {
		value, ok := got[name]
		if !ok && name == "secret" && want["object"] == "webhook_endpoint" {
			continue // told when the endpoint is made alone (https://docs.stripe.com/api/webhook_endpoints/object): the document's example is of another moment
		}
		if !ok {
			all = append(all, fmt.Errorf("%s.%s, which payment reads, is not in Stripe's document", at, name))
			continue
		}
		all = append(all, missing(at+"."+name, want[name], value))
	}
	return errors.Join(all...)
}

package order

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestARequestIsRefusedWithAPointerToEachFault(t *testing.T) {
	lines := func(n int) (out []lineRequest) {
		for i := range n {
			out = append(out, lineRequest{SKU: fmt.Sprintf("SKU-%d", i), Quantity: 1})
		}
		return out
	}
	cases := []struct {
		name  string
		spoil func(r *request, key *string)
		want  []string
	}{
		{"a good request", func(*request, *string) {}, nil},
		{"50 lines", func(r *request, _ *string) { r.Lines = lines(50) }, nil},
		{"51 lines", func(r *request, _ *string) { r.Lines = lines(51) }, []string{"/lines"}},
		{"no lines", func(r *request, _ *string) { r.Lines = nil }, []string{"/lines"}},
		{"the same SKU twice", func(r *request, _ *string) { r.Lines[1].SKU = "MUG" }, []string{"/lines/1/sku"}},
		{"SKU in lower case", func(r *request, _ *string) { r.Lines[0].SKU = "mug" }, []string{"/lines/0/sku"}},
		{"SKU too long", func(r *request, _ *string) { r.Lines[0].SKU = strings.Repeat("A", 33) }, []string{"/lines/0/sku"}},
		{"quantity 0", func(r *request, _ *string) { r.Lines[0].Quantity = 0 }, []string{"/lines/0/quantity"}},
		{"quantity negative", func(r *request, _ *string) { r.Lines[1].Quantity = -1 }, []string{"/lines/1/quantity"}},
		{"quantity huge", func(r *request, _ *string) { r.Lines[1].Quantity = 1 << 62 }, []string{"/lines/1/quantity"}},
		{"unknown currency", func(r *request, _ *string) { r.Currency = "EURO" }, []string{"/currency"}},
		{"no payment method", func(r *request, _ *string) { r.Payment.Method = "" }, []string{"/payment/method"}},
		{"a card number", func(r *request, _ *string) { r.Payment.Method = "4242424242424242" }, []string{"/payment/method"}},
		{"unknown shipping method", func(r *request, _ *string) { r.Shipping.Method = "drone" }, []string{"/shipping/method"}},
		{"blank name", func(r *request, _ *string) { r.Shipping.Name = " " }, []string{"/shipping/name"}},
		{"name too long", func(r *request, _ *string) { r.Shipping.Name = strings.Repeat("é", 101) }, []string{"/shipping/name"}},
		{"name of two lines", func(r *request, _ *string) { r.Shipping.Name = "Ada\nLovelace" }, []string{"/shipping/name"}},
		{"email with a name", func(r *request, _ *string) { r.Shipping.Email = "Ada <ada@example.com>" }, []string{"/shipping/email"}},
		{"email without host", func(r *request, _ *string) { r.Shipping.Email = "ada" }, []string{"/shipping/email"}},
		{"no street", func(r *request, _ *string) { r.Shipping.Address.Line1 = "" }, []string{"/shipping/address/line1"}},
		{"second line too long", func(r *request, _ *string) { r.Shipping.Address.Line2 = strings.Repeat("x", 101) }, []string{"/shipping/address/line2"}},
		{"no city", func(r *request, _ *string) { r.Shipping.Address.City = "" }, []string{"/shipping/address/city"}},
		{"post code too long", func(r *request, _ *string) { r.Shipping.Address.PostalCode = strings.Repeat("1", 17) }, []string{"/shipping/address/postalCode"}},
		{"country that is none", func(r *request, _ *string) { r.Shipping.Address.Country = "ZZ" }, []string{"/shipping/address/country"}},
		{"country of two codes' halves", func(r *request, _ *string) { r.Shipping.Address.Country = "D " }, []string{"/shipping/address/country"}},
		{"no key", func(_ *request, key *string) { *key = "" }, []string{"Idempotency-Key"}},
		{"key too long", func(_ *request, key *string) { *key = strings.Repeat("k", 65) }, []string{"Idempotency-Key"}},
		{"key with a space", func(_ *request, key *string) { *key = "a b" }, []string{"Idempotency-Key"}},
		{"several at once", func(r *request, key *string) { *key, r.Currency, r.Lines[0].Quantity = "", "", 0 },
			[]string{"Idempotency-Key", "/lines/0/quantity", "/currency"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, key := goodRequest(), "key-1"
			c.spoil(&r, &key)
			var got []string
			for _, v := range violations(key, r) {
				got = append(got, v.Pointer)
				if v.Detail == "" {
					t.Errorf("%s does not say what to do", v.Pointer)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCountriesAreThe249OfISO3166(t *testing.T) {
	codes := strings.Fields(countries)
	if len(codes) != 249 || !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != 249 {
		t.Errorf("%d codes, sorted %v", len(codes), slices.IsSorted(codes))
	}
	for _, code := range codes {
		if !knownCountry(code) {
			t.Errorf("%s is not known", code)
		}
	}
}

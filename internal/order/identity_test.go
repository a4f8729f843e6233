package order

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func anyRequest(t *rapid.T) request {
	text := rapid.StringN(0, 12, -1)
	return request{
		Lines: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lineRequest {
			return lineRequest{SKU: text.Draw(t, "sku"), Quantity: rapid.Int64().Draw(t, "quantity")}
		}), 1, 4).Draw(t, "lines"),
		Currency: text.Draw(t, "currency"), Payment: paymentRequest{Method: text.Draw(t, "payment")},
		Shipping: shippingRequest{
			Method: text.Draw(t, "method"), Name: text.Draw(t, "name"), Email: text.Draw(t, "email"),
			Address: address{
				Line1: text.Draw(t, "line1"), Line2: text.Draw(t, "line2"), City: text.Draw(t, "city"),
				PostalCode: text.Draw(t, "postalCode"), Country: text.Draw(t, "country"),
			},
		},
	}
}

func idOf(t interface{ Fatal(...any) }, customer, key string, r request) string {
	body, err := canonical(r)
	if err != nil {
		t.Fatal(err)
	}
	return orderID(customer, key, body)
}

func TestTheSameRequestIsTheSameOrderHoweverItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequest(t)
		loose, err := json.MarshalIndent(r, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		var again request
		var first request
		if err := json.Unmarshal(loose, &first); err != nil {
			t.Fatal(err)
		}
		shuffled := fmt.Sprintf(`{"shipping":%s, "currency":%s,"payment":%s,"lines":%s}`,
			text(t, r.Shipping), text(t, r.Currency), text(t, r.Payment), text(t, r.Lines))
		if err := json.Unmarshal([]byte(shuffled), &again); err != nil {
			t.Fatal(err)
		}
		if a, b := idOf(t, "c", "k", first), idOf(t, "c", "k", again); a != b || !orderPattern.MatchString(a) {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func text(t *rapid.T, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestAnyOtherRequestIsAnotherOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		customer, key := rapid.String().Draw(t, "customer"), rapid.String().Draw(t, "key")
		customer2, key2 := rapid.String().Draw(t, "other customer"), rapid.String().Draw(t, "other key")
		r, r2 := anyRequest(t), anyRequest(t)
		id := idOf(t, customer, key, r)
		if !reflect.DeepEqual(r, r2) && idOf(t, customer, key, r2) == id {
			t.Fatal("another body, the same order")
		}
		if (customer2 != customer || key2 != key) && idOf(t, customer2, key2, r) == id {
			t.Fatal("another customer or key, the same order")
		}
		more := r
		more.Lines = append([]lineRequest{{SKU: "X", Quantity: 1}}, r.Lines...)
		if idOf(t, customer, key, more) == id {
			t.Fatal("another line, the same order")
		}
	})
}

func TestFieldsOfADigestCannotRunIntoEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Byte(), 2, 40).Draw(t, "bytes")
		a := rapid.IntRange(0, len(all)-1).Draw(t, "cut")
		b := rapid.IntRange(a+1, len(all)).Draw(t, "other cut")
		if digest(string(all[:a]), string(all[a:])) == digest(string(all[:b]), string(all[b:])) {
			t.Fatalf("%q cut at %d and at %d", all, a, b)
		}
		if digest(string(all)) == digest(string(all), "") {
			t.Fatal("an empty field does not count")
		}
	})
}

// The ids of orders that exist: if this test fails, retries of requests sent before an update become new orders.
func TestOrderIdsAreFrozen(t *testing.T) {
	if got, want := idOf(t, "cust-1", "key-1", goodRequest()), "ord_orogk4m2gyiecwts5om7qvi6mg"; got != want {
		t.Errorf("order id %s, want %s", got, want)
	}
	if got, want := keyDigest("cust-1", "key-1"), "ecc4b2vbhobt4r7m4t2fjqatts"; got != want {
		t.Errorf("key digest %s, want %s", got, want)
	}
}

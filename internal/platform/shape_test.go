package platform

import (
	"fmt"
	"testing"
)

func TestEveryMisfitOfABodyIsNamedWithItsPointer(t *testing.T) {
	type line struct {
		SKU      string `json:"sku"`
		Quantity int64  `json:"quantity"`
	}
	type order struct {
		Lines  []line `json:"lines"`
		Gift   bool   `json:"gift"`
		Person *struct {
			Name string `json:"name"`
		} `json:"person"`
	}
	cases := map[string]string{
		`{"lines":[{"sku":"A","quantity":1}],"gift":true,"person":{"name":"Ada"}}`: "[]",
		`{}`: "[]",
		`{"lines":null,"gift":null,"person":null}`: "[{/gift send true or false here} {/lines send an array here} {/person send an object here}]",
		`{`:                                  "[{ send a body of well-formed JSON}]",
		`{}{}`:                               "[{ there is something behind the JSON object: send one object}]",
		`[]`:                                 "[{ send an object here}]",
		`null`:                               "[{ send an object here}]",
		`{"lines":{}}`:                       "[{/lines send an array here}]",
		`{"lines":[{"sku":1,"quantity":1}]}`: "[{/lines/0/sku send a string here}]",
		`{"lines":[{"quantity":1.5},{"quantity":9223372036854775808},{"quantity":"1"}]}`: "[{/lines/0/quantity send a whole number of at most 63 bits here} " +
			"{/lines/1/quantity send a whole number of at most 63 bits here} {/lines/2/quantity send a whole number of at most 63 bits here}]",
		`{"gift":"yes","Gift":true,"a/b":1}`: "[{/Gift leave this out: there is no such member here} {/a~1b leave this out: there is no such member here} {/gift send true or false here}]",
		`{"person":{"name":"Ada","age":36}}`: "[{/person/age leave this out: there is no such member here}]",
	}
	for body, want := range cases {
		var v order
		if got := fmt.Sprint(decodeStrictly([]byte(body), &v)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", body, got, want)
		}
	}
}

package inventory

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"twofold/internal/platform"
	"twofold/internal/platform/clocktest"
)

// expand puts names in the place of their aliases.
func expand(expression string, names map[string]string) string {
	for alias, name := range names {
		expression = strings.ReplaceAll(expression, alias, name)
	}
	return expression
}

func reasonsOf(codes ...string) []types.CancellationReason {
	out := make([]types.CancellationReason, len(codes))
	for i, c := range codes {
		out[i].Code = aws.String(c)
	}
	return out
}

func TestACancelledHoldIsAReservationOrShortLinesOrNothingDecided(t *testing.T) {
	const ok, failed = "None", platform.ConditionCode
	err := &types.TransactionCanceledException{}
	cases := []struct {
		name    string
		reasons []types.CancellationReason
		short   []int
		code    platform.Code
	}{
		{"one line is short", reasonsOf(ok, ok, failed), []int{1}, ""},
		{"all are short", reasonsOf(ok, failed, failed), []int{0, 1}, ""},
		{"a busy shard is none that is short", reasonsOf(ok, failed, "TransactionConflict"), []int{0}, ""},
		{"throttling decides nothing", reasonsOf("ThrottlingError", ok, ok), nil, platform.Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			res, err := holdResult(Reservation{OrderID: "ord_1"}, c.reasons, err)
			wantCode(t, err, c.code)
			if !reflect.DeepEqual(res.Short, c.short) || res.Existing != nil {
				t.Errorf("got %+v, want short %v", res, c.short)
			}
		})
	}
}

func TestACancelledHoldBringsTheReservationThatStandsThere(t *testing.T) {
	before := Reservation{State: Released, Lines: []ReservedLine{{SKU: "TEA", Shard: 2, Quantity: 3}}}
	item, err := attributevalue.MarshalMap(before)
	if err != nil {
		t.Fatal(err)
	}
	reasons := reasonsOf(platform.ConditionCode, platform.ConditionCode)
	reasons[0].Item = item
	res, err := holdResult(Reservation{OrderID: "ord_1"}, reasons, &types.TransactionCanceledException{})
	if err != nil || res.Existing == nil {
		t.Fatalf("got %+v, %v", res, err)
	}
	if before.OrderID = "ord_1"; !reflect.DeepEqual(*res.Existing, before) {
		t.Errorf("got %+v, want %+v", *res.Existing, before)
	}
}

func TestKeysNameTheirOwnerAndCanBeReadBack(t *testing.T) {
	at := clocktest.Noon
	if got := receiptSweep(west, at, "asn-1"); !isOwn(got, west) || isOwn(got, east) || !strings.HasPrefix(got, "us-west-2#202603011200#") {
		t.Errorf("sweep key %q", got)
	}
	sku, id := receiptOf(key(skuPK("TEA-1"), receiptSK("asn_1-b", east)))
	if sku != "TEA-1" || id != "asn_1-b" {
		t.Errorf("read back %q, %q", sku, id)
	}
	if got := orderOf(reservationKey("ord_1")); got != "ord_1" {
		t.Errorf("read back %q", got)
	}
}

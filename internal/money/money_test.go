package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"twofold/internal/money"
)

func TestSumsAndProductsAreExactOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.Money{Amount: rapid.Int64().Draw(t, "a"), Currency: "EUR"}
		b := money.Money{Amount: rapid.Int64().Draw(t, "b"), Currency: "EUR"}
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		sum, err := a.Add(b)
		check(t, sum, err, new(big.Int).Add(big.NewInt(a.Amount), big.NewInt(b.Amount)))
		product, err := a.Times(n)
		check(t, product, err, new(big.Int).Mul(big.NewInt(a.Amount), big.NewInt(n)))
	})
}

func check(t *rapid.T, got money.Money, err error, want *big.Int) {
	switch {
	case !want.IsInt64() && !errors.Is(err, money.ErrOverflow):
		t.Fatalf("%v does not fit, but got %v, %v", want, got, err)
	case want.IsInt64() && (err != nil || got.Amount != want.Int64() || got.Currency != "EUR"):
		t.Fatalf("got %v, %v; want %v", got, err, want)
	}
}

func TestCurrenciesAreNotMixedAndQuantitiesNotNegative(t *testing.T) {
	if _, err := (money.Money{Amount: 1, Currency: "EUR"}).Add(money.Money{Amount: 1, Currency: "USD"}); err == nil {
		t.Error("euros and dollars were added")
	}
	if _, err := (money.Money{Amount: 1, Currency: "EUR"}).Times(-1); err == nil {
		t.Error("a negative quantity was sold")
	}
}

func TestWhatTheProviderWouldRefuseIsNotChargeable(t *testing.T) {
	for _, c := range []struct {
		amount   int64
		currency string
		ok       bool
	}{
		{49, "EUR", false}, {50, "EUR", true}, {99_999_999, "EUR", true}, {100_000_000, "EUR", false},
		{0, "EUR", false}, {-50, "EUR", false}, {29, "GBP", false}, {30, "GBP", true}, {100, "XXX", false}, {100, "eur", false}, {100, "", false},
	} {
		if err := (money.Money{Amount: c.amount, Currency: c.currency}).Chargeable(); (err == nil) != c.ok {
			t.Errorf("%d %q: %v", c.amount, c.currency, err)
		}
	}
	if !money.Known("JPY") || money.Known("BTC") {
		t.Error("JPY is sold in, BTC is not")
	}
}

// Package money is an amount in the minor units of a currency: whole numbers, never floats.
//
// It guarantees that no operation overflows unseen or mixes currencies. It does not
// format for people, convert between currencies or know tax.
package money

import (
	"errors"
	"fmt"
	"math"
)

// ErrOverflow is a result that does not fit into 63 bits.
var ErrOverflow = errors.New("amount is too large")

// Money is an amount of minor units (cents, pence, yen) of an ISO 4217 currency.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// limits are the smallest charge per currency that Stripe takes and the largest it takes in any,
// in minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). The shop sells in these currencies.
var limits = map[string]struct{ min, max int64 }{
	"EUR": {50, 99_999_999}, "USD": {50, 99_999_999}, "GBP": {30, 99_999_999}, "CHF": {50, 99_999_999},
	"SEK": {300, 99_999_999}, "DKK": {250, 99_999_999}, "NOK": {300, 99_999_999}, "PLN": {200, 99_999_999},
	"CAD": {50, 99_999_999}, "AUD": {50, 99_999_999}, "JPY": {50, 99_999_999},
}

// Known reports whether the shop sells in a currency.
func Known(currency string) bool { _, ok := limits[currency]; return ok }

// Chargeable answers nil if the payment provider would take the amount, and otherwise an
// error that names the bound it breaks.
func (m Money) Chargeable() error {
	l, ok := limits[m.Currency]
	switch {
	case !ok:
		return fmt.Errorf("%q is not a currency of this shop", m.Currency)
	case m.Amount < l.min:
		return fmt.Errorf("%d is below the least amount that can be charged in %s, %d", m.Amount, m.Currency, l.min)
	case m.Amount > l.max:
		return fmt.Errorf("%d is above the largest amount that can be charged in %s, %d", m.Amount, m.Currency, l.max)
	}
	return nil
}

// Add is m + o. Currencies must be equal.
func (m Money) Add(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, fmt.Errorf("cannot add %s to %s", o.Currency, m.Currency)
	}
	if (o.Amount > 0 && m.Amount > math.MaxInt64-o.Amount) || (o.Amount < 0 && m.Amount < math.MinInt64-o.Amount) {
		return Money{}, ErrOverflow
	}
	return Money{m.Amount + o.Amount, m.Currency}, nil
}

// Times is m multiplied by a quantity that is not negative.
func (m Money) Times(n int64) (Money, error) {
	if n < 0 {
		return Money{}, fmt.Errorf("quantity %d is negative", n)
	}
	if n > 0 && (m.Amount > math.MaxInt64/n || m.Amount < math.MinInt64/n) {
		return Money{}, ErrOverflow
	}
	return Money{m.Amount * n, m.Currency}, nil
}

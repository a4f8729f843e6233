package order

import "twofold/internal/money"

// feeTable is what shipping costs an order, by method and currency, in minor units. Like all prices of the shop it is gross: what
// tax is in it is for the books, which are not kept here.
type feeTable map[string]map[string]int64

// fees are the shop's. A change is a deployment; orders keep the fee that they were placed with.
func fees() feeTable {
	return feeTable{
		"standard": {
			"EUR": 490, "USD": 590, "GBP": 420, "CHF": 690, "SEK": 5900, "DKK": 3900, "NOK": 6900, "PLN": 1690,
			"CAD": 790, "AUD": 890, "JPY": 800,
		},
		"express": {
			"EUR": 1290, "USD": 1490, "GBP": 1090, "CHF": 1490, "SEK": 14900, "DKK": 9900, "NOK": 14900, "PLN": 4990,
			"CAD": 1990, "AUD": 2190, "JPY": 1800,
		},
	}
}

// of is the fee of a method in a currency; false if it is not offered in it.
func (t feeTable) of(method, currency string) (money.Money, bool) {
	amount, offered := t[method][currency]
	return money.Money{Amount: amount, Currency: currency}, offered
}

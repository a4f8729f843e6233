package stripe

import (
	"fmt"
	"strings"
)

// maxAmount is the largest charge, in minor units: eight digits.
const maxAmount = 99_999_999

// minimum is the smallest charge in minor units and whether the currency is known:
// https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. Where that page names none, it is 1.
func minimum(currency string) (int64, bool) {
	switch currency {
	case "usd", "eur", "cad", "aud", "chf", "nzd", "sgd", "brl", "inr", "jpy":
		return 50, true
	case "gbp":
		return 30, true
	case "dkk":
		return 250, true
	case "nok", "sek":
		return 300, true
	case "bgn":
		return 100, true
	case "pln", "myr", "ron", "aed":
		return 200, true
	case "hkd":
		return 400, true
	case "mxn", "thb":
		return 1000, true
	case "czk":
		return 1500, true
	case "huf":
		return 17500, true
	case "ils", "zar", "php", "try", "cop", "pen", "clp", "krw", "vnd", "isk", "uah", "ars", "twd", "idr", "bif", "djf",
		"gnf", "kmf", "mga", "pyg", "rwf", "ugx", "vuv", "xaf", "xof", "xpf":
		return 1, true
	}
	return 0, false
}

// zeroDecimal reports whether a currency has no minor unit.
func zeroDecimal(currency string) bool {
	switch currency {
	case "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf":
		return true
	}
	return false
}

func money(amount int64, currency string) string {
	if zeroDecimal(currency) {
		return fmt.Sprintf("%d %s", amount, currency)
	}
	return fmt.Sprintf("%d.%02d %s", amount/100, amount%100, currency)
}

// checkMoney refuses what cannot be charged and gives the currency in lower case.
func checkMoney(amount int64, currency string) (string, *Error) {
	lower := strings.ToLower(currency)
	least, known := minimum(lower)
	switch {
	case !known:
		return "", badRequest("", "currency", "Invalid currency: %s.", currency)
	case amount < 1:
		return "", badRequest("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount < least:
		return "", badRequest("amount_too_small", "amount", "Amount must be at least %s", money(least, lower))
	case amount > maxAmount:
		return "", badRequest("amount_too_large", "amount", "Amount must be no more than %s", money(maxAmount, lower))
	}
	return lower, nil
}

package order

import (
	"testing"

	"twofold/internal/money"
)

func TestEveryMethodHasAFeeInEveryCurrencyOfTheShopAndInNoOther(t *testing.T) {
	codes := []string{"EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "PLN", "CAD", "AUD", "JPY"}
	for _, method := range []string{"standard", "express"} {
		for _, code := range codes {
			if fee, offered := fees().of(method, code); !offered || fee.Amount <= 0 || fee.Currency != code || !money.Known(code) {
				t.Errorf("%s in %s: %+v, %v", method, code, fee, offered)
			}
		}
		if len(fees()[method]) != len(codes) {
			t.Errorf("%s has fees in %d currencies", method, len(fees()[method]))
		}
	}
	standard, _ := fees().of("standard", "EUR")
	if express, _ := fees().of("express", "EUR"); express.Amount <= standard.Amount {
		t.Errorf("express costs %d and standard %d", express.Amount, standard.Amount)
	}
	if _, offered := fees().of("drone", "EUR"); offered {
		t.Error("a method that there is not is offered")
	}
}

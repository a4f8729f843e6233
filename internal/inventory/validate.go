package inventory

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// Bounds of what may be sent.
const (
	maxTitle    = 200        // characters
	maxPrice    = 99_999_999 // minor units: the most that one charge can be
	maxReceived = 1_000_000  // units
)

var (
	skuPattern     = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)
	receiptPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// faults collects what is wrong with a body, so that a client is told all of it at once.
type faults []platform.Violation

func (f *faults) unless(ok bool, pointer, detail string) {
	if !ok {
		*f = append(*f, platform.Violation{Pointer: pointer, Detail: detail})
	}
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &platform.Error{Code: platform.InvalidRequest, Violations: f}
}

// skuOf is the SKU that the path names.
func skuOf(r platform.Request) (string, error) {
	sku := r.PathParameters["sku"]
	var f faults
	f.unless(skuPattern.MatchString(sku), "sku", "a SKU is 1 to 32 capitals, digits and hyphens and begins with no hyphen")
	return sku, f.err()
}

// productBody is the body of an edit. Pointers tell what is missing from what is zero.
type productBody struct {
	Title string `json:"title"`
	Price *struct {
		Amount   *int64 `json:"amount"`
		Currency string `json:"currency"`
	} `json:"price"`
	Active *bool `json:"active"`
}

// check tells all that is wrong with an edit; its precondition is the answer if nothing is.
func (b productBody) check(r platform.Request) (precondition, error) {
	var f faults
	match, ok := preconditionOf(r)
	f.unless(ok, "If-Match", `send ETags as you got them, such as "3.us-east-1", or * for any version`)
	b.checkFields(&f)
	return match, f.err()
}

func (b productBody) checkFields(f *faults) {
	n := utf8.RuneCountInString(b.Title)
	f.unless(strings.TrimSpace(b.Title) != "" && n <= maxTitle, "/title", fmt.Sprintf("send a title of 1 to %d characters", maxTitle))
	f.unless(b.Active != nil, "/active", "say whether the product is for sale: true or false")
	if b.Price == nil {
		f.unless(false, "/price", "send the gross price: amount and currency")
		return
	}
	f.unless(b.Price.Amount != nil && *b.Price.Amount >= 0 && *b.Price.Amount <= maxPrice, "/price/amount",
		fmt.Sprintf("send an amount of 0 to %d minor units", maxPrice))
	f.unless(money.Known(b.Price.Currency), "/price/currency", "send the ISO 4217 code of a currency of this shop, such as EUR")
}

// product is what a checked body asks for.
func (b productBody) product(sku string) Product {
	return Product{SKU: sku, Title: b.Title, Price: money.Money{Amount: *b.Price.Amount, Currency: b.Price.Currency}, Active: *b.Active}
}

type receiptBody struct {
	ReceiptID string `json:"receiptId"`
	Quantity  int64  `json:"quantity"`
	Target    string `json:"target"`
}

func (b receiptBody) check(regions ...string) error {
	var f faults
	f.unless(receiptPattern.MatchString(b.ReceiptID), "/receiptId", "send an id of 1 to 64 letters, digits, hyphens and underscores")
	f.unless(b.Quantity >= 1 && b.Quantity <= maxReceived, "/quantity", fmt.Sprintf("send a quantity of 1 to %d", maxReceived))
	known := false
	for _, r := range regions {
		known = known || r == b.Target
	}
	f.unless(known, "/target", "name the region that gets the goods: "+strings.Join(regions, " or "))
	return f.err()
}

func (b receiptBody) receipt(sku, region string) Receipt {
	return Receipt{SKU: sku, ID: b.ReceiptID, Quantity: b.Quantity, Target: b.Target, Region: region}
}

package order

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"twofold/internal/money"
	"twofold/internal/platform"
)

// request is the body of POST /v1/orders.
type request struct {
	Lines    []lineRequest   `json:"lines"`
	Currency string          `json:"currency"`
	Payment  paymentRequest  `json:"payment"`
	Shipping shippingRequest `json:"shipping"`
}

type lineRequest struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

type paymentRequest struct {
	Method string `json:"method"` // id of a payment method at the provider
}

type shippingRequest struct {
	Method  string  `json:"method"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Address address `json:"address"`
}

type address struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	PostalCode string `json:"postalCode"`
	Country    string `json:"country"` // ISO 3166-1 alpha-2
}

// The bounds of a request.
const (
	maxLines    = 50
	maxQuantity = 1000
)

var (
	skuPattern    = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)
	methodPattern = regexp.MustCompile(`^pm_[A-Za-z0-9_]{1,64}$`)
	keyPattern    = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// violations are the faults of a request and its key, all at once; none if it can be tried.
func violations(key string, r request) []platform.Violation {
	var c checks
	c.that(keyPattern.MatchString(key), "Idempotency-Key", "send a header Idempotency-Key of 1 to 64 of A-Z a-z 0-9 _ -, a new one for each new order")
	c.lines(r.Lines)
	c.that(money.Known(r.Currency), "/currency", "name a currency that this shop sells in by its ISO 4217 code, such as EUR")
	c.that(methodPattern.MatchString(r.Payment.Method) && !holdsCard(r.Payment.Method), "/payment/method", "name a payment method by its id, such as pm_1Abc")
	c.shipping(r.Shipping)
	return c.found
}

// checks collects what is wrong.
type checks struct{ found []platform.Violation }

func (c *checks) that(ok bool, pointer, detail string) {
	if !ok {
		c.found = append(c.found, platform.Violation{Pointer: pointer, Detail: detail})
	}
}

func (c *checks) lines(lines []lineRequest) {
	c.that(len(lines) >= 1 && len(lines) <= maxLines, "/lines", fmt.Sprintf("send 1 to %d lines", maxLines))
	if len(lines) > maxLines {
		return
	}
	seen := make(map[string]bool, len(lines))
	for i, l := range lines {
		c.that(skuPattern.MatchString(l.SKU), linePointer(i, "sku"), "send 1 to 32 of A-Z 0-9 -, not beginning with -")
		c.that(!seen[l.SKU], linePointer(i, "sku"), "name each SKU in one line only and add the quantities up")
		c.that(l.Quantity >= 1 && l.Quantity <= maxQuantity, linePointer(i, "quantity"), fmt.Sprintf("order 1 to %d", maxQuantity))
		seen[l.SKU] = true
	}
}

func linePointer(i int, field string) string { return "/lines/" + strconv.Itoa(i) + "/" + field }

func (c *checks) shipping(s shippingRequest) {
	c.that(s.Method == "standard" || s.Method == "express", "/shipping/method", "choose standard or express")
	c.text("/shipping/name", s.Name, 100)
	c.that(validEmail(s.Email) && !holdsCard(s.Email), "/shipping/email", "send an email address of at most 254 characters")
	c.text("/shipping/address/line1", s.Address.Line1, 100)
	if s.Address.Line2 != "" {
		c.text("/shipping/address/line2", s.Address.Line2, 100)
	}
	c.text("/shipping/address/city", s.Address.City, 100)
	c.text("/shipping/address/postalCode", s.Address.PostalCode, 16)
	c.that(knownCountry(s.Address.Country), "/shipping/address/country", "name the country by its ISO 3166-1 code of two capital letters, such as DE")
}

// text is something to be printed on a label: one line that is not blank.
func (c *checks) text(pointer, s string, limit int) {
	ok := strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
	c.that(ok, pointer, fmt.Sprintf("send 1 to %d characters in one line", limit))
	c.that(!holdsCard(s), pointer, "leave the number of a card out: it belongs on the payment provider's page")
}

// emailPattern is RFC 5322's dot-atom on both sides: SES sends to no other local part, and takes domains in their ASCII form
// (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html).
var emailPattern = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*$")

func validEmail(s string) bool { return len(s) <= 254 && emailPattern.MatchString(s) }

// countries are the codes of ISO 3166-1 alpha-2.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ" +
	" CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR" +
	" GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP" +
	" KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT" +
	" MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW" +
	" SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ" +
	" UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

func knownCountry(code string) bool {
	return len(code) == 2 && code == strings.TrimSpace(code) && strings.Contains(countries, " "+code+" ")
}

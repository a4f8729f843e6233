package dynamodb

import (
	"math/big"
	"strconv"
	"strings"
)

// Numbers are kept as canonical decimal text: no exponent, no leading or trailing zeros, "-" only
// before a number that is not 0. Equal numbers have equal text, so sets and equality need
// no arithmetic, and what goes out is what DynamoDB sends. Arithmetic is done on math/big
// integers: addition and subtraction of decimals need nothing more than a common scale, so a
// decimal library would add nothing.

// Limits of https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const (
	maxDigits    = 38
	maxMagnitude = 125
	minMagnitude = -130
)

const (
	problemNotNumber = "The parameter cannot be converted to a numeric value"
	problemPrecision = "Attempting to store more than 38 significant digits in a Number"
	problemOverflow  = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	problemUnderflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
)

// decimal is 0.digits × 10^point; digits has no leading or trailing zero and is "" for 0.
type decimal struct {
	negative bool
	digits   string
	point    int
}

// canonicalNumber gives the canonical text, or the problem with the number.
func canonicalNumber(s string) (text, problem string) {
	if isCanonicalInt(s) {
		return s, ""
	}
	d, ok := parseDecimal(s)
	if !ok {
		if s == "" {
			return "", problemNotNumber
		}
		return "", problemNotNumber + ": " + s
	}
	if problem := d.problem(); problem != "" {
		return "", problem
	}
	return d.String(), ""
}

// isCanonicalInt is the fast path: a short whole number that needs no rewriting.
func isCanonicalInt(s string) bool {
	if s == "0" {
		return true
	}
	t := strings.TrimPrefix(s, "-")
	if t == "" || len(t) > 18 || t[0] == '0' {
		return false
	}
	for i := 0; i < len(t); i++ {
		if t[i] < '0' || t[i] > '9' {
			return false
		}
	}
	return true
}

func (d decimal) problem() string {
	switch magnitude := d.point - 1; {
	case d.digits == "":
		return ""
	case magnitude > maxMagnitude:
		return problemOverflow
	case magnitude < minMagnitude:
		return problemUnderflow
	case len(d.digits) > maxDigits:
		return problemPrecision
	}
	return ""
}

func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative, s = s[0] == '-', s[1:]
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 10000 || e < -10000 {
			return d, false
		}
		exponent, s = e, s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return d, false
	}
	all := whole + fraction
	significant := strings.TrimLeft(all, "0")
	d.point = len(whole) + exponent - (len(all) - len(significant))
	d.digits = strings.TrimRight(significant, "0")
	if d.digits == "" {
		return decimal{}, true
	}
	return d, true
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	var b strings.Builder
	if d.negative {
		b.WriteByte('-')
	}
	switch {
	case d.point <= 0:
		b.WriteString("0.")
		b.WriteString(strings.Repeat("0", -d.point))
		b.WriteString(d.digits)
	case d.point >= len(d.digits):
		b.WriteString(d.digits)
		b.WriteString(strings.Repeat("0", d.point-len(d.digits)))
	default:
		b.WriteString(d.digits[:d.point])
		b.WriteByte('.')
		b.WriteString(d.digits[d.point:])
	}
	return b.String()
}

// compareNumbers orders two canonical numbers.
func compareNumbers(a, b string) int {
	na, nb := strings.HasPrefix(a, "-"), strings.HasPrefix(b, "-")
	switch {
	case na && nb:
		return compareMagnitudes(b[1:], a[1:])
	case na:
		return -1
	case nb:
		return 1
	}
	return compareMagnitudes(a, b)
}

// compareMagnitudes uses that in canonical text a longer whole part is a greater number, that
// equally long ones order as text, and that '.' sorts before the digits.
func compareMagnitudes(a, b string) int {
	if wa, wb := wholeLength(a), wholeLength(b); wa != wb {
		return wa - wb
	}
	return strings.Compare(a, b)
}

func wholeLength(s string) int {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return i
	}
	return len(s)
}

// addNumbers is a+b, or a-b with subtract, of canonical numbers.
func addNumbers(a, b string, subtract bool) (text, problem string) {
	if isCanonicalInt(a) && isCanonicalInt(b) {
		x, errX := strconv.ParseInt(a, 10, 64)
		y, errY := strconv.ParseInt(b, 10, 64)
		if errX == nil && errY == nil {
			if subtract {
				y = -y
			}
			return canonicalNumber(strconv.FormatInt(x+y, 10))
		}
	}
	x, _ := parseDecimal(a)
	y, _ := parseDecimal(b)
	if subtract {
		y.negative = !y.negative
	}
	return sum(x, y)
}

func sum(x, y decimal) (text, problem string) {
	scale := max(len(x.digits)-x.point, len(y.digits)-y.point, 0)
	total := new(big.Int).Add(x.scaled(scale), y.scaled(scale))
	d := decimal{negative: total.Sign() < 0}
	digits := total.Abs(total).String()
	d.point = len(digits) - scale
	if d.digits = strings.TrimRight(digits, "0"); d.digits == "" {
		return "0", ""
	}
	if problem := d.problem(); problem != "" {
		return "", problem
	}
	return d.String(), ""
}

// scaled is the number × 10^scale as an integer; scale leaves no fraction.
func (d decimal) scaled(scale int) *big.Int {
	n := new(big.Int)
	if d.digits == "" {
		return n
	}
	n.SetString(d.digits+strings.Repeat("0", d.point+scale-len(d.digits)), 10)
	if d.negative {
		n.Neg(n)
	}
	return n
}

// numberSize is about one byte for two significant digits, and one more.
func numberSize(text string) int {
	digits := strings.Trim(strings.Replace(strings.TrimPrefix(text, "-"), ".", "", 1), "0")
	n := (len(digits)+1)/2 + 1
	if len(digits) > 0 && len(digits)%2 == 0 && magnitude(text)%2 == 0 {
		n++ // two digits are a byte, counted from the point
	}
	if strings.HasPrefix(text, "-") {
		n++
	}
	return n
}

// magnitude is the power of ten of the first digit.
func magnitude(text string) int {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if whole != "0" {
		return len(whole) - 1
	}
	return len(strings.TrimLeft(fraction, "0")) - len(fraction) - 1
}

// sortableNumber encodes a canonical number so that text order is number order.
func sortableNumber(text string) string {
	d, _ := parseDecimal(text)
	if d.digits == "" {
		return "\x01"
	}
	point := d.point + 1000
	b := append([]byte{2, byte(point >> 8), byte(point)}, d.digits...)
	if d.negative {
		for i := range b {
			b[i] = ^b[i]
		}
		b[0] = 0
		b = append(b, 0xff) // a shorter negative number is the greater one
	}
	return string(b)
}

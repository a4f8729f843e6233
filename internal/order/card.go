package order

// Card numbers have no place in this platform. A shopper who types one into the wrong field must not have it stored, mailed and printed on a
// label, so that a text that holds one is refused. What may be one are 13 to 19 digits, with single spaces or hyphens between them, that
// stand alone, begin as cards do and have the right check digit (ISO/IEC 7812-1).
const (
	leastDigits = 13
	mostDigits  = 19
)

// holdsCard reports whether a text has what may be a card's number in it.
func holdsCard(s string) bool {
	var digits []byte
	gap := 0 // separators since the last digit
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			digits, gap = append(digits, c-'0'), 0
		case (c == ' ' || c == '-') && gap == 0 && len(digits) > 0:
			gap++
		default:
			if isCard(digits) {
				return true
			}
			digits, gap = digits[:0], 0
		}
	}
	return isCard(digits)
}

// isCard wants the first digit of a network of payment cards (2 to 6) and Luhn's check digit.
func isCard(digits []byte) bool {
	if len(digits) < leastDigits || len(digits) > mostDigits || digits[0] < 2 || digits[0] > 6 {
		return false
	}
	sum := 0
	for i, d := range digits {
		n := int(d)
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

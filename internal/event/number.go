package event

import (
	"fmt"
	"strconv"
)

// Number reads a whole number that an event carries in digits. Events come out of a table's stream, which writes numbers as
// strings, and a pipe's template keeps them so
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html).
func Number(field, digits string) (int64, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is %q and not a whole number", field, digits)
	}
	return n, nil
}

package eventbridge

import (
	"encoding/base64"
	"strconv"
	"strings"

	"twofold/local/core"
)

// maxPage is how many items a list gives at most, and without a Limit.
const maxPage = 100

// paging is the part of a list's request that says which page.
type paging struct {
	NextToken string
	Limit     core.Int
}

// page cuts the page that p asks for out of items and answers it under name, with the token of the next one.
func page[T any](p paging, name string, items []T) (any, error) {
	if p.Limit < 0 || p.Limit > maxPage {
		return nil, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value less than or equal to %d", int(p.Limit), maxPage)
	}
	from := 0
	if p.NextToken != "" {
		n, err := offset(p.NextToken)
		if err != nil {
			return nil, invalid("Parameter NextToken is not valid.")
		}
		from = min(n, len(items))
	}
	size := int(p.Limit)
	if size == 0 {
		size = maxPage
	}
	to := min(from+size, len(items))
	out := map[string]any{name: append([]T{}, items[from:to]...)}
	if to < len(items) {
		out["NextToken"] = base64.URLEncoding.EncodeToString([]byte(tokenPrefix + strconv.Itoa(to)))
	}
	return out, nil
}

// tokenPrefix stands before the place where the next page begins, in a token that says nothing to callers.
const tokenPrefix = "next:"

func offset(token string) (int, error) {
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(string(raw), tokenPrefix), 10, 31)
	return int(n), err
}

package states

import (
	"encoding/base64"
	"strconv"
	"strings"

	"twofold/local/core"
)

// pageRequest is the paging part of a List request.
type pageRequest struct {
	MaxResults int
	NextToken  string
}

// maxPage is how many items a page may have; 0 asks for defaultPage.
const (
	maxPage     = 1000
	defaultPage = 100
)

// check answers where the page begins and how long it is.
func (r pageRequest) check(longest int) (from, n int, err error) {
	if r.MaxResults > maxPage {
		return 0, 0, invalid(r.MaxResults, "maxResults", "Member must have value less than or equal to 1000")
	}
	if r.MaxResults < 0 {
		return 0, 0, invalid(r.MaxResults, "maxResults", "Member must have value greater than or equal to 0")
	}
	if err := tooLong(r.NextToken, "nextToken", longest); err != nil {
		return 0, 0, err
	}
	if r.NextToken != "" {
		if from, err = position64(r.NextToken); err != nil {
			return 0, 0, err
		}
	}
	if r.MaxResults == 0 {
		return from, defaultPage, nil
	}
	return from, r.MaxResults, nil
}

const tokenMark = "page:"

func token(at int) string {
	return base64.StdEncoding.EncodeToString([]byte(tokenMark + strconv.Itoa(at)))
}

func position64(token string) (int, error) {
	text, err := base64.StdEncoding.DecodeString(token)
	digits, ok := strings.CutPrefix(string(text), tokenMark)
	at, numErr := strconv.Atoi(digits)
	if err != nil || !ok || numErr != nil || at < 0 {
		return 0, core.Errorf("InvalidToken", "Invalid Token: 'Invalid token'")
	}
	return at, nil
}

// page is one page of list under the member name, with the token of the next one.
func page[T any](r pageRequest, longest int, name string, list []T, show func(T) *object) (any, error) {
	from, n, err := r.check(longest)
	if err != nil {
		return nil, err
	}
	items := []any{}
	to := min(from+n, len(list))
	for i := from; i < to; i++ {
		items = append(items, show(list[i]))
	}
	out := obj(name, items)
	if to < len(list) && to > 0 {
		out.set("nextToken", token(to))
	}
	return out, nil
}

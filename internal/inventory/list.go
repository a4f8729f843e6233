package inventory

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"twofold/internal/platform"
)

// How many products a page has, at most and if nobody says.
const (
	maxPage     = 50
	defaultPage = 20
)

// productList is the API's page of products.
type productList struct {
	Items      []productView `json:"items"`
	NextCursor string        `json:"nextCursor,omitempty"`
}

// listProducts answers with a page of all products by SKU, for sale or not, and what this region can sell of each.
func (a api) listProducts(ctx context.Context, r platform.Request) (platform.Response, error) {
	limit, from, err := pageOf(r)
	if err != nil {
		return platform.Response{}, err
	}
	page, more, err := a.catalogue.Page(ctx, from.After, limit)
	if err != nil {
		return platform.Response{}, err
	}
	stock, err := a.stock.LedgersOf(ctx, skusOf(page))
	if err != nil {
		return platform.Response{}, err
	}
	list := productList{Items: make([]productView, len(page))}
	for i, p := range page {
		available := stock[p.SKU].Available
		list.Items[i] = p.view(&available)
	}
	if more {
		list.NextCursor = cursor{After: page[len(page)-1].SKU}.String()
	}
	return platform.Response{Status: http.StatusOK, Body: list}, nil
}

// pageOf reads which page a request wants.
func pageOf(r platform.Request) (limit int, from cursor, err error) {
	var f faults
	limit = defaultPage
	if s, given := r.QueryStringParameters["limit"]; given {
		limit, err = strconv.Atoi(s)
		f.unless(err == nil && limit >= 1 && limit <= maxPage, "limit", fmt.Sprintf("ask for 1 to %d products", maxPage))
	}
	if s, given := r.QueryStringParameters["cursor"]; given {
		from, err = parseCursor(s)
		f.unless(err == nil, "cursor", "send the nextCursor of the page before, as it is, or none for the first page")
	}
	return limit, from, f.err()
}

// cursor is where the next page begins. Clients are to hand it back as it is: it may come to hold something else.
type cursor struct {
	After string `json:"after"` // the last SKU of the page before
}

// String is the cursor as clients get it.
func (c cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"after":` + strconv.Quote(c.After) + `}`))
}

func parseCursor(s string) (cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return cursor{}, err
	}
	var c cursor
	if err := json.Unmarshal(raw, &c); err != nil {
		return cursor{}, err
	}
	if !skuPattern.MatchString(c.After) || c.String() != s {
		return cursor{}, fmt.Errorf("%q is not a cursor of this list", s)
	}
	return c, nil
}

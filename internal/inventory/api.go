package inventory

import (
	"context"
	"net/http"
	"slices"
	"time"

	"twofold/internal/money"
	"twofold/internal/platform"
)

const (
	scopeAdmin = "catalogue:admin"
	scopeRead  = "orders:read"
)

// api serves the catalogue and this region's stock.
type api struct {
	region    string
	peer      string
	clock     platform.Clock
	fences    *platform.Fences
	catalogue interface {
		Page(ctx context.Context, after string, limit int) (page []Product, more bool, err error)
		Versions(ctx context.Context, sku string) ([]Product, error)
		PutVersion(ctx context.Context, p Product, seen int64) (bool, error)
		Receipts(ctx context.Context, sku, id string) ([]Receipt, error)
		PutReceipt(ctx context.Context, r Receipt, at time.Time) (Receipt, platform.Durability, error)
		Snapshots(ctx context.Context, sku string) ([]Snapshot, error)
	}
	stock interface {
		Counters(ctx context.Context, sku string) (Counters, error)
		Ledger(ctx context.Context, sku string) (Ledger, error)
		LedgersOf(ctx context.Context, skus []string) (map[string]Ledger, error)
	}
}

func (a api) routes() platform.Routes {
	return platform.Routes{
		"GET /v1/products":                 {Scope: scopeRead, Serve: a.listProducts},
		"PUT /v1/products/{sku}":           {Scope: scopeAdmin, Serve: a.putProduct},
		"GET /v1/products/{sku}":           {Scope: scopeRead, Serve: a.getProduct},
		"POST /v1/products/{sku}/receipts": {Scope: scopeAdmin, Serve: a.receive},
		"GET /v1/products/{sku}/stock":     {Scope: scopeAdmin, Serve: a.getStock},
	}
}

// productView is the API's product; available is left out where nobody asked for it.
type productView struct {
	SKU       string      `json:"sku"`
	Title     string      `json:"title"`
	Price     money.Money `json:"price"`
	Active    bool        `json:"active"`
	Version   int64       `json:"version"`
	Available *int64      `json:"available,omitempty"`
}

func (p Product) view(available *int64) productView {
	return productView{SKU: p.SKU, Title: p.Title, Price: p.Price, Active: p.Active, Version: p.Version, Available: available}
}

func (p Product) answer(status int, available *int64) platform.Response {
	return platform.Response{Status: status, Header: map[string]string{"ETag": p.ETag()}, Body: p.view(available)}
}

type receiptView struct {
	SKU       string `json:"sku"`
	ReceiptID string `json:"receiptId"`
	Quantity  int64  `json:"quantity"`
	Target    string `json:"target"`
	Region    string `json:"region"`
}

type stockView struct {
	SKU    string `json:"sku"`
	Region string `json:"region"`
	Counters
	Others []Snapshot `json:"others"`
}

// editAttempts bounds how often an edit is tried that other edits of this region overtake.
const editAttempts = 3

// putProduct sets a product. Saying what stands there already changes nothing, so a repeated request makes no version, and is
// answered well whatever its If-Match says: a client whose first answer got lost sends the ETag from before its own change
// (RFC 9110, section 13.1.1, allows for it).
func (a api) putProduct(ctx context.Context, r platform.Request) (platform.Response, error) {
	sku, err := skuOf(r)
	if err != nil {
		return platform.Response{}, err
	}
	var body productBody
	if err := r.DecodeBody(&body); err != nil {
		return platform.Response{}, err
	}
	match, err := body.check(r)
	if err != nil {
		return platform.Response{}, err
	}
	for range editAttempts {
		res, done, err := a.edit(ctx, body.product(sku), match)
		if err != nil || done {
			return res, err
		}
	}
	return platform.Response{}, platform.Refuse(platform.Unavailable, "the product is being changed by others: send the request again")
}

// edit writes this region's next version; false if another edit came between.
func (a api) edit(ctx context.Context, p Product, match precondition) (platform.Response, bool, error) {
	versions, err := a.catalogue.Versions(ctx, p.SKU)
	if err != nil {
		return platform.Response{}, false, err
	}
	now, exists := latest(versions)
	if exists && now.Title == p.Title && now.Price == p.Price && now.Active == p.Active {
		return now.answer(http.StatusOK, nil), true, nil
	}
	if err := match.check(now, exists); err != nil {
		return platform.Response{}, false, err
	}
	p.Version, p.Region = now.Version+1, a.region
	written, err := a.catalogue.PutVersion(ctx, p, versionOf(a.region, versions))
	if err != nil || !written {
		return platform.Response{}, false, err
	}
	status := http.StatusOK
	if !exists {
		status = http.StatusCreated
	}
	return p.answer(status, nil), true, nil
}

// versionOf is the version that a region has written; 0 if it has none.
func versionOf(region string, versions []Product) int64 {
	for _, v := range versions {
		if v.Region == region {
			return v.Version
		}
	}
	return 0
}

func (a api) getProduct(ctx context.Context, r platform.Request) (platform.Response, error) {
	p, err := a.known(ctx, r)
	if err != nil {
		return platform.Response{}, err
	}
	c, err := a.stock.Ledger(ctx, p.SKU)
	if err != nil {
		return platform.Response{}, err
	}
	return p.answer(http.StatusOK, &c.Available), nil
}

func (a api) getStock(ctx context.Context, r platform.Request) (platform.Response, error) {
	p, err := a.known(ctx, r)
	if err != nil {
		return platform.Response{}, err
	}
	c, err := a.stock.Counters(ctx, p.SKU)
	if err != nil {
		return platform.Response{}, err
	}
	all, err := a.catalogue.Snapshots(ctx, p.SKU)
	if err != nil {
		return platform.Response{}, err
	}
	others := slices.DeleteFunc(all, func(s Snapshot) bool { return s.Region == a.region })
	return platform.Response{Status: http.StatusOK, Body: stockView{SKU: p.SKU, Region: a.region, Counters: c, Others: others}}, nil
}

// known is the product that the path names.
func (a api) known(ctx context.Context, r platform.Request) (Product, error) {
	sku, err := skuOf(r)
	if err != nil {
		return Product{}, err
	}
	versions, err := a.catalogue.Versions(ctx, sku)
	if err != nil {
		return Product{}, err
	}
	p, ok := latest(versions)
	if !ok {
		return Product{}, platform.Refuse(platform.NotFound, "there is no product "+sku)
	}
	return p, nil
}

// receive records goods. It credits nothing: the target region does, by the receipt's event or its sweep.
func (a api) receive(ctx context.Context, r platform.Request) (platform.Response, error) {
	var body receiptBody
	if err := r.DecodeBody(&body); err != nil {
		return platform.Response{}, err
	}
	if err := body.check(a.region, a.peer); err != nil {
		return platform.Response{}, err
	}
	if err := a.fences.Check(ctx); err != nil {
		return platform.Response{}, err
	}
	p, err := a.known(ctx, r)
	if err != nil {
		return platform.Response{}, err
	}
	stored, where, err := a.store(ctx, body.receipt(p.SKU, a.region))
	if err != nil {
		return platform.Response{}, err
	}
	return platform.Response{
		Status: http.StatusAccepted,
		Header: map[string]string{platform.DurabilityHeader: string(where)},
		Body:   receiptView{SKU: stored.SKU, ReceiptID: stored.ID, Quantity: stored.Quantity, Target: stored.Target, Region: stored.Region},
	}, nil
}

// store puts a receipt into both regions. One that the other region wrote and that is seen here stands in both.
func (a api) store(ctx context.Context, r Receipt) (Receipt, platform.Durability, error) {
	seen, err := a.catalogue.Receipts(ctx, r.SKU, r.ID)
	if err != nil {
		return Receipt{}, "", err
	}
	for _, s := range seen {
		if !s.sameGoods(r) {
			return Receipt{}, "", errOtherReceipt(r.ID)
		}
		if s.Region != a.region {
			return s, platform.InTwoRegions, nil
		}
	}
	stored, where, err := a.catalogue.PutReceipt(ctx, r, a.clock.Now())
	if err == nil && !stored.sameGoods(r) {
		err = errOtherReceipt(r.ID)
	}
	return stored, where, err
}

func errOtherReceipt(id string) error {
	return platform.Refuse(platform.Unprocessable, "the receipt "+id+" has been recorded with another quantity or target: use a new receiptId for other goods")
}

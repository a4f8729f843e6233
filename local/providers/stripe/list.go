package stripe

// list gives intents, newest first.
func (p *Provider) list(r *request) (any, *Error) {
	ask := r.params
	limit, err := limitOf(ask)
	if err != nil {
		return nil, err
	}
	source := p.order
	if id := ask.get("customer"); id != "" {
		source = p.byCustomer[id]
	}
	for _, cursor := range []string{"starting_after", "ending_before"} {
		if id := ask.get(cursor); id != "" && p.intents[id] == nil {
			return nil, missing("payment_intent", id, cursor)
		}
	}
	out := page[*intentObject]{Object: "list", URL: "/v1/payment_intents", Data: []*intentObject{}}
	if ask.has("ending_before") {
		out.HasMore = p.before(&out, source, ask, limit)
		return out, nil
	}
	started := !ask.has("starting_after")
	for i := len(source) - 1; i >= 0; i-- {
		in := source[i]
		if started && within(in.Created, ask) {
			if len(out.Data) == limit {
				out.HasMore = true
				break
			}
			out.Data = append(out.Data, p.view(in, ask))
		}
		started = started || in.ID == ask.get("starting_after")
	}
	return out, nil
}

// before fills the page that ends just ahead of the cursor.
func (p *Provider) before(out *page[*intentObject], source []*intent, ask params, limit int) bool {
	var newer []*intentObject // oldest first
	started, more := false, false
	for _, in := range source {
		if started && within(in.Created, ask) {
			if len(newer) == limit {
				more = true
				break
			}
			newer = append(newer, p.view(in, ask))
		}
		started = started || in.ID == ask.get("ending_before")
	}
	for i := len(newer) - 1; i >= 0; i-- {
		out.Data = append(out.Data, newer[i])
	}
	return more
}

func within(created int64, ask params) bool {
	outside := ask.has("created") && created != ask.int("created") ||
		ask.has("created[gt]") && created <= ask.int("created[gt]") ||
		ask.has("created[gte]") && created < ask.int("created[gte]") ||
		ask.has("created[lt]") && created >= ask.int("created[lt]") ||
		ask.has("created[lte]") && created > ask.int("created[lte]")
	return !outside
}

func limitOf(ask params) (int, *Error) {
	if !ask.has("limit") {
		return 10, nil
	}
	n := ask.int("limit")
	if n < 1 || n > 100 {
		return 0, badRequest("", "limit", "This value must be between 1 and 100 (it currently is '%d').", n)
	}
	return int(n), nil
}

package cost

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"twofold/local/core"
)

// Goal is what a million happy orders may cost, mails apart; Ceiling is where they stand, which may only go down.
const (
	Goal    = 40.0
	Ceiling = 39.9
)

// firewall is what WAF takes for a million requests that it looks at.
const firewall = 0.60

func round(n float64) float64 { return math.Round(n*100) / 100 }

func dollars(n float64) string { return fmt.Sprintf("$%.2f", n) }

func short(name string) string { return strings.ReplaceAll(name, "twofold-local-", "") }

// services are all that cost something by the order, in the order of the price list, mails apart.
func services() []string {
	var out []string
	for _, p := range Prices() {
		if !slices.Contains(out, p.Service) && p.Service != mailService {
			out = append(out, p.Service)
		}
	}
	return out
}

// Print writes the report as Markdown.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	b.WriteString(intro)
	r.stories(&b)
	r.kinds(&b)
	r.reasons(&b)
	r.dearest(&b)
	b.WriteString(whereItGoes)
	r.idle(&b)
	prices(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// table writes a Markdown table; columns but the first are numbers unless left says how many on the left are not.
func table(b *strings.Builder, left int, head []string, rows [][]string) {
	fmt.Fprintf(b, "| %s |\n|", strings.Join(head, " | "))
	for i := range head {
		b.WriteString(map[bool]string{true: "---|", false: "---:|"}[i < left])
	}
	b.WriteString("\n")
	for _, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
	b.WriteString("\n")
}

func (r Report) stories(b *strings.Builder) {
	b.WriteString("## A million orders, by what becomes of them\n\n")
	var rows [][]string
	for _, bill := range r.Bills {
		requests := bill.Units["apigateway:Request"]
		rows = append(rows, []string{bill.Story.Name, bill.Story.What, dollars(bill.Total()), dollars(bill.Mails()), dollars(requests * firewall)})
	}
	table(b, 2, []string{"story", "what happens", "a million orders", "mails, apart", "WAF, apart"}, rows)
	happy, standard := r.Bill(Confirmed), r.Bill(Standard)
	fmt.Fprintf(b, "From POST to confirmed with the provider's webhook: **%s**; the goal is %s. ", dollars(happy.Total()), dollars(Goal))
	fmt.Fprintf(b, "Delivered, with its webhooks and one GET: %s. As a Standard state machine the same order costs %s, of which %s is Step Functions (Express: %s).\n\n",
		dollars(r.Bill(Delivered).Total()), dollars(standard.Total()), dollars(standard.Service("Step Functions")), dollars(happy.Service("Step Functions")))
}

func (r Report) kinds(b *strings.Builder) {
	b.WriteString("## By service, a million orders\n\n")
	shown := []string{Confirmed, Standard, Delivered, "out of stock", "card declined", "cancelled when confirmed", "finished by the peer"}
	var rows [][]string
	for _, s := range services() {
		row := []string{s}
		for _, name := range shown {
			row = append(row, dollars(max(0, r.Bill(name).Service(s))))
		}
		rows = append(rows, row)
	}
	table(b, 1, append([]string{"service"}, shown...), rows)
}

func (r Report) reasons(b *strings.Builder) {
	bill := r.Bill(Confirmed)
	b.WriteString("## Why: the units of one confirmed order\n\n")
	var rows [][]string
	for _, l := range bill.Lines() {
		var who []string
		for _, s := range bill.Parts(l.Unit) {
			who = append(who, fmt.Sprintf("%s %.2f", s.Name, s.Units))
		}
		rows = append(rows, []string{string(l.Unit), fmt.Sprintf("%.2f", l.Units), dollars(l.Million), strings.Join(who, ", ")})
	}
	table(b, 1, []string{"unit", "of one order", "a million orders", "by whom"}, rows)
	b.WriteString("The calls behind them:\n\n")
	rows = nil
	for _, s := range bill.Calls() {
		rows = append(rows, []string{s.Name, fmt.Sprintf("%.2f", s.Units)})
	}
	table(b, 1, []string{"who calls what", "for one order"}, rows)
}

// dearest are the single parts that cost most, by who takes them.
func (r Report) dearest(b *strings.Builder) {
	const most = 10
	var all []Share
	for _, l := range r.Bill(Confirmed).Lines() {
		for _, s := range r.Bill(Confirmed).Parts(l.Unit) {
			all = append(all, Share{fmt.Sprintf("%s, %s", s.Name, l.Unit), s.Units * l.Dollars * million})
		}
		if len(r.Bill(Confirmed).Parts(l.Unit)) == 0 && l.Service != mailService {
			all = append(all, Share{string(l.Unit), l.Million})
		}
	}
	slices.SortFunc(all, func(a, b Share) int {
		return cmp.Or(-cmp.Compare(round(a.Units), round(b.Units)), cmp.Compare(a.Name, b.Name))
	})
	var rows [][]string
	for _, s := range all[:min(most, len(all))] {
		rows = append(rows, []string{s.Name, dollars(s.Units)})
	}
	b.WriteString("The dearest parts of it:\n\n")
	table(b, 1, []string{"who takes what", "a million orders"}, rows)
}

func (r Report) idle(b *strings.Builder) {
	b.WriteString("## While nobody buys, a month, both regions\n\n")
	var rows [][]string
	var sum float64
	for _, s := range services() {
		var n float64
		for _, p := range Prices() {
			if p.Service == s {
				n += r.Idle[p.Unit] * p.Dollars * hoursOfMonth
			}
		}
		if n >= 0.005 {
			rows = append(rows, []string{s, idleReason(s, r.Idle), dollars(n)})
			sum += n
		}
	}
	for _, f := range r.Fixed {
		rows = append(rows, []string{f.What, strings.TrimSuffix(fmt.Sprintf("%d at $%g, %s", f.Count, f.Dollars, f.Note), ", "), dollars(f.Month())})
		sum += f.Month()
	}
	rows = append(rows, []string{"**in all**", "", "**" + dollars(sum) + "**"})
	table(b, 2, []string{"what", "how much of it", "a month"}, rows)
	b.WriteString(stored)
}

// idleReason names the units of an hour.
func idleReason(service string, hour map[core.Unit]float64) string {
	var out []string
	for _, p := range Prices() {
		if n := hour[p.Unit]; p.Service == service && n > 0 {
			out = append(out, fmt.Sprintf("%s %.0f", p.Unit, n))
		}
	}
	return strings.Join(out, ", ") + " an hour"
}

func prices(b *strings.Builder) {
	b.WriteString("## The price list\n\n")
	var rows [][]string
	for _, p := range Prices() {
		rows = append(rows, []string{string(p.Unit), fmt.Sprintf("$%.4g", p.Dollars*million), p.Page})
	}
	table(b, 1, []string{"unit", "a million units", "page"}, rows)
}

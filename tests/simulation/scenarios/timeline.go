package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"twofold/internal/fact"
)

// pass lets time pass and tells nothing.
func (s *stage) pass(d time.Duration) { s.Sim().Run(s.Cloud().Now().Add(d)) }

// wait lets time pass and tells what happens meanwhile.
func (s *stage) wait(l line) (string, error) {
	d, err := time.ParseDuration(l.word())
	if err != nil {
		return "", err
	}
	var out strings.Builder
	look := max(100*time.Millisecond, d/3000)
	for end := s.Cloud().Now().Add(d); s.Cloud().Now().Before(end); {
		s.pass(min(look, end.Sub(s.Cloud().Now())))
		out.WriteString(s.news())
	}
	if out.Len() == 0 {
		return "nothing\n", nil
	}
	return out.String(), nil
}

// news are the lines of the timeline that were not told before, with the time since the world began.
func (s *stage) news() string {
	var out strings.Builder
	for _, l := range s.timeline() {
		if l = s.short(l); !s.seen[l] {
			s.seen[l] = true
			fmt.Fprintf(&out, "%s  %s\n", s.Cloud().Now().Sub(s.begin).Truncate(100*time.Millisecond), l)
		}
	}
	return out.String()
}

// timeline is what has happened so far, as lines that stay the same once they are true.
func (s *stage) timeline() []string {
	v, err := s.View(context.Background())
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, o := range s.orders {
		if o.late != nil && o.late.done {
			if err := s.name(o, o.late); err != nil {
				out = append(out, err.Error())
			}
			out = append(out, "the shopper of "+o.name+" is told "+strings.TrimSpace(o.late.String()))
		}
	}
	for _, i := range v.Intents {
		out = append(out, strings.TrimSpace(fmt.Sprintf("payment of %s is %s %s", i.OrderID, i.Status, i.CommittedBy)))
		if i.Refunded > 0 {
			out = append(out, fmt.Sprintf("payment of %s is refunded", i.OrderID))
		}
	}
	for _, p := range v.Shipments {
		out = append(out, fmt.Sprintf("shipment of %s is %s", p.OrderID, p.Status))
	}
	for _, region := range s.Regions() {
		for _, f := range v.Facts[region] {
			out = append(out, fmt.Sprintf("%s knows of %s: %s", region, f.OrderID, describe(f)))
		}
	}
	for _, m := range v.Mails {
		out = append(out, fmt.Sprintf("%s mails that %s is %s", m.Region, m.OrderID, m.Kind))
	}
	slices.Sort(out)
	return out
}

func describe(f fact.Fact) string {
	out := string(f.Kind)
	if f.Reason != "" {
		out += " for " + f.Reason
	}
	if f.CommittedBy != "" {
		out += ", committed by " + f.CommittedBy
	}
	return out + ", says " + f.Region
}

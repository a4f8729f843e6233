package operator

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// table prints rows in columns, the first row being the head, and an empty line.
func (o *Operator) table(rows [][]string) error {
	out := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	for _, cells := range rows {
		if _, err := fmt.Fprintln(out, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	return out.Flush()
}

// age is a duration as people read it.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < 24*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

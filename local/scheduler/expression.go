package scheduler

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // time zones are the same on every machine

	"github.com/hashicorp/cronexpr"
)

// expression gives the times at which a schedule fires.
type expression interface {
	// next is the first time after t, or the zero time when there is none.
	next(t time.Time) time.Time
}

// rate fires every d from an origin.
type rate struct {
	d      time.Duration
	origin time.Time
}

func (r rate) next(t time.Time) time.Time {
	if t.Before(r.origin) {
		return r.origin
	}
	return r.origin.Add((t.Sub(r.origin)/r.d + 1) * r.d)
}

// once is an at expression.
type once struct{ at time.Time }

func (o once) next(t time.Time) time.Time {
	if t.Before(o.at) {
		return o.at
	}
	return time.Time{}
}

type cron struct {
	expr *cronexpr.Expression
	zone *time.Location
}

func (c cron) next(t time.Time) time.Time {
	n := c.expr.Next(t.In(c.zone))
	if n.IsZero() {
		return n
	}
	return n.UTC()
}

// parse reads rate(n unit), cron(six fields) or at(date). A rate counts from origin.
func parse(text string, zone *time.Location, origin time.Time) (expression, error) {
	name, rest, ok := strings.Cut(text, "(")
	arg, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return nil, fmt.Errorf("%q is none of rate(...), cron(...) and at(...)", text)
	}
	switch name {
	case "rate":
		d, err := parseRate(arg)
		return rate{d, origin}, err
	case "cron":
		return parseCron(arg, zone)
	case "at":
		at, err := time.ParseInLocation("2006-01-02T15:04:05", arg, zone)
		if err != nil {
			return nil, fmt.Errorf("at(%s) must be at(yyyy-mm-ddThh:mm:ss)", arg)
		}
		return once{at.UTC()}, nil
	}
	return nil, fmt.Errorf("%q is none of rate(...), cron(...) and at(...)", text)
}

func parseRate(arg string) (time.Duration, error) {
	value, unit, _ := strings.Cut(arg, " ")
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("rate(%s) must start with a positive whole number", arg)
	}
	single := strings.TrimSuffix(unit, "s")
	d, known := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[single]
	if !known {
		return 0, fmt.Errorf("rate(%s): the unit must be minute, minutes, hour, hours, day or days", arg)
	}
	if (n == 1) != (unit == single) {
		return 0, fmt.Errorf("rate(%s): the unit is singular for 1 and plural for other values", arg)
	}
	return time.Duration(n) * d, nil
}

func parseCron(arg string, zone *time.Location) (expression, error) {
	fields := strings.Fields(arg)
	if len(fields) != 6 {
		return nil, fmt.Errorf("cron(%s) must have six fields: minutes hours day-of-month month day-of-week year", arg)
	}
	if (fields[2] == "?") == (fields[4] == "?") {
		return nil, fmt.Errorf("cron(%s): exactly one of day-of-month and day-of-week must be ?", arg)
	}
	days, err := weekdays(fields[4])
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", arg, err)
	}
	fields[4] = days
	expr, err := cronexpr.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("cron(%s): %w", arg, err)
	}
	return cron{expr, zone}, nil
}

// weekdays renumbers a day-of-week field from AWS's 1 to 7 (Sunday first) to 0 to 6. What stands
// behind / (a step) and # (which one of the month) is no day.
func weekdays(field string) (string, error) {
	var out strings.Builder
	isDay := true
	for i := 0; i < len(field); i++ {
		c := field[i]
		switch {
		case c == '/' || c == '#':
			isDay = false
		case c == ',' || c == '-':
			isDay = true
		case c >= '0' && c <= '9' && isDay:
			if c < '1' || c > '7' || (i+1 < len(field) && field[i+1] >= '0' && field[i+1] <= '9') {
				return "", fmt.Errorf("day-of-week %q: days are 1 (Sunday) to 7", field)
			}
			c--
		}
		out.WriteByte(c)
	}
	return out.String(), nil
}

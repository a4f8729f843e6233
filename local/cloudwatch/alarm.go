package cloudwatch

import (
	"fmt"
	"slices"
	"time"
)

// State is an alarm's.
type State string

// The states of an alarm.
const (
	OK           State = "OK"
	Alarm        State = "ALARM"
	Insufficient State = "INSUFFICIENT_DATA"
)

// alarm is one alarm of a region.
type alarm struct {
	name, description string
	state             State
	since             time.Time
	reason            string

	rule condition // of a composite one; nil otherwise
	of   []string  // ... and the alarms it names

	query    func(from, to time.Time) (float64, bool)
	period   time.Duration
	periods  int // looked at
	points   int // of them that must breach
	breaches func(v float64) bool
	missing  string // TreatMissingData
}

// window is how far back the alarm looks.
func (a *alarm) window() time.Duration { return a.period * time.Duration(a.periods) }

// evaluate is the state at a time; speed makes periods shorter.
func (a *alarm) evaluate(now time.Time, speed float64) (State, string) {
	period := time.Duration(float64(a.period) / speed)
	breaching, absent := 0, 0
	for i := range a.periods {
		to := now.Add(-time.Duration(i) * period)
		switch v, ok := a.query(to.Add(-period), to); {
		case ok && a.breaches(v):
			breaching++
		case !ok && a.missing == "breaching":
			breaching++
		case !ok && a.missing != "notBreaching":
			absent++
		}
	}
	switch {
	case breaching >= a.points:
		return Alarm, fmt.Sprintf("%d of %d data points were breaching", breaching, a.periods)
	case absent == a.periods && a.missing == "ignore":
		return a.state, a.reason
	case absent == a.periods:
		return Insufficient, "there are no data points"
	}
	return OK, fmt.Sprintf("%d of %d data points were breaching", breaching, a.periods)
}

// comparison of a value with a threshold.
func comparison(operator string, threshold float64) (func(float64) bool, error) {
	switch operator {
	case "GreaterThanThreshold":
		return func(v float64) bool { return v > threshold }, nil
	case "GreaterThanOrEqualToThreshold":
		return func(v float64) bool { return v >= threshold }, nil
	case "LessThanThreshold":
		return func(v float64) bool { return v < threshold }, nil
	case "LessThanOrEqualToThreshold":
		return func(v float64) bool { return v <= threshold }, nil
	}
	return nil, fmt.Errorf("the local cloud does not run the comparison %q", operator)
}

// treatments of missing data.
var treatments = []string{"breaching", "notBreaching", "ignore", "missing"}

func treatment(of string) (string, error) {
	if of == "" {
		return "missing", nil
	}
	if !slices.Contains(treatments, of) {
		return "", fmt.Errorf("TreatMissingData cannot be %q", of)
	}
	return of, nil
}

package world

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PathFaults is the path of the AWS endpoint that changes what is broken, with POST: {what} is lose or restore (?region=), cut, heal, lag (?by=
// a duration), rates (?<a field of FaultRates>=) or show. The answer is a Played.
const PathFaults = "/_twofold/faults/{what}"

// control does what a request to PathFaults asks for and says how things stand then.
func (w *World) control(r *http.Request) (string, error) {
	q := r.URL.Query()
	switch what := r.PathValue("what"); what {
	case "lose", "restore":
		region := q.Get("region")
		if !slices.Contains(w.regions, region) {
			return "", fmt.Errorf("there is no region %q: name one of %s", region, strings.Join(w.regions, ", "))
		}
		if what == "lose" {
			w.LoseRegion(region)
		} else {
			w.RestoreRegion(region)
		}
	case "cut":
		for i, a := range w.regions {
			for _, b := range w.regions[i+1:] {
				w.CutLink(a, b)
			}
		}
	case "heal":
		w.Heal()
	case "lag":
		by, err := time.ParseDuration(q.Get("by"))
		if err != nil || by < 0 {
			return "", fmt.Errorf("%q is no lag: write one like 250ms or 2s", q.Get("by"))
		}
		w.SetLag(by)
	case "rates":
		rates, err := ParseFaults(w.faultRates(), q)
		if err != nil {
			return "", err
		}
		w.SetFaults(rates)
	case "show":
	default:
		return "", fmt.Errorf("there is no fault %q", what)
	}
	return w.broken(), nil
}

// SetLag changes how long replication takes. What rates add to it stays.
func (w *World) SetLag(by time.Duration) { w.weather.lag.Store(int64(by)) }

func (w *World) faultRates() FaultRates {
	if r := w.weather.rates.Load(); r != nil {
		return *r
	}
	return FaultRates{}
}

// broken says what is broken at the moment.
func (w *World) broken() string {
	var out []string
	for i, a := range w.regions {
		out = append(out, a+" is "+w.cloud.Faults.Region(a).String())
		for _, b := range w.regions[i+1:] {
			if w.cloud.Faults.Cut(a, b) {
				out = append(out, "the link is cut")
			}
		}
	}
	return strings.Join(append(out, "replication takes "+time.Duration(w.weather.lag.Load()).String(), w.faultRates().String()), "; ")
}

// ParseFaults changes rates by name, as String prints them: a chance between 0 and 1, or a duration. Names of which there is none, and
// values that are none, are errors that name what there is.
func ParseFaults(rates FaultRates, by url.Values) (FaultRates, error) {
	v := reflect.ValueOf(&rates).Elem()
	for name, values := range by {
		f := v.FieldByName(name)
		if !f.IsValid() {
			var names []string
			for i := range v.NumField() {
				names = append(names, v.Type().Field(i).Name)
			}
			return rates, fmt.Errorf("there is no rate %q: name one of %s", name, strings.Join(names, ", "))
		}
		text := values[len(values)-1]
		if f.Kind() == reflect.Float64 {
			chance, err := strconv.ParseFloat(text, 64)
			if err != nil || chance < 0 || chance > 1 {
				return rates, fmt.Errorf("%s is a chance between 0 and 1, not %q", name, text)
			}
			f.SetFloat(chance)
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return rates, fmt.Errorf("%s is a time like 2s, not %q", name, text)
		}
		f.SetInt(int64(d))
	}
	return rates, nil
}

package stripe

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// kind is the type of a parameter.
type kind int

const (
	text kind = iota
	integer
	boolean
	dict   // name[key]=value
	array  // name[]=value or name[0]=value
	notRun // Stripe has it, the stand-in refuses it
)

// spec is the parameters that an operation accepts, nested ones written "outer[inner]".
type spec map[string]kind

// params are a request's form values.
type params struct {
	values  url.Values
	decline *card // set by a fault: what the next confirmation meets
}

func formOf(r *http.Request) (url.Values, *Error) {
	raw := r.URL.RawQuery
	if r.Method == http.MethodPost {
		body, err := readBody(r)
		if err != nil {
			return nil, err
		}
		raw = body
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, badRequest("", "", "Invalid request: the parameters are not form-encoded.")
	}
	return values, nil
}

// check refuses unknown and mistyped parameters. The names are taken in order so that
// the same request always meets the same error.
func (p params) check(accepts spec) *Error {
	names := make([]string, 0, len(p.values))
	for name := range p.values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		k, known := accepts.kindOf(name)
		if !known {
			return badRequest("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
		if err := checkValue(name, p.values.Get(name), k); err != nil {
			return err
		}
	}
	return nil
}

func (s spec) kindOf(name string) (kind, bool) {
	if k, ok := s[name]; ok {
		return k, k != dict && k != array
	}
	outer, rest, nested := strings.Cut(name, "[")
	if !nested || !strings.HasSuffix(rest, "]") {
		return text, false
	}
	k, ok := s[outer]
	return k, ok && (k == dict || k == array || k == notRun)
}

func checkValue(name, value string, k kind) *Error {
	switch k {
	case notRun:
		return &Error{Status: http.StatusNotImplemented, Type: "api_error", Param: name,
			Message: "The stand-in does not run the parameter " + name + "."}
	case integer:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return badRequest("parameter_invalid_integer", name, "Invalid integer: %s", value)
		}
	case boolean:
		if value != "true" && value != "false" {
			return badRequest("", name, "Invalid boolean: %s", value)
		}
	case text, array:
		if value == "" {
			return badRequest("parameter_invalid_empty", name,
				"You passed an empty string for '%s'. We assume empty values are an attempt to unset a parameter; however '%s' cannot be unset. "+
					"You should remove '%s' from your request or supply a non-empty value.", name, name, name)
		}
	}
	return nil
}

func (p params) get(name string) string { return p.values.Get(name) }

func (p params) has(name string) bool { return p.values.Has(name) }

func (p params) bool(name string) bool { return p.values.Get(name) == "true" }

// int is a number that check has accepted; 0 when it is not given.
func (p params) int(name string) int64 {
	n, err := strconv.ParseInt(p.values.Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p params) need(names ...string) *Error {
	for _, name := range names {
		if !p.has(name) {
			return badRequest("parameter_missing", name, "Missing required param: %s.", name)
		}
	}
	return nil
}

func (p params) enum(name string, allowed ...string) *Error {
	if !p.has(name) {
		return nil
	}
	for _, a := range allowed {
		if p.get(name) == a {
			return nil
		}
	}
	last := len(allowed) - 1
	return badRequest("", name, "Invalid %s: must be one of %s, or %s", name, strings.Join(allowed[:last], ", "), allowed[last])
}

// dict gives the pairs of name[key]=value.
func (p params) dict(name string) map[string]string {
	out := map[string]string{}
	for full := range p.values {
		if key, ok := strings.CutPrefix(full, name+"["); ok {
			out[strings.TrimSuffix(key, "]")] = p.get(full)
		}
	}
	return out
}

// expands reports whether expand[] names the field.
func (p params) expands(field string) bool {
	for name, values := range p.values {
		if !strings.HasPrefix(name, "expand[") {
			continue
		}
		for _, v := range values {
			if v == field || v == "data."+field {
				return true
			}
		}
	}
	return false
}

// merge puts given metadata over old: an empty value removes its key.
func (p params) merge(old map[string]string) (map[string]string, *Error) {
	out := map[string]string{}
	for k, v := range old {
		out[k] = v
	}
	for k, v := range p.dict("metadata") {
		if len(k) > 40 || len(v) > 500 {
			return nil, badRequest("", "metadata["+k+"]", "Metadata keys can be at most 40 and values at most 500 characters long.")
		}
		out[k] = v
		if v == "" {
			delete(out, k)
		}
	}
	if len(out) > 50 {
		return nil, badRequest("", "metadata", "Metadata can have at most 50 keys.")
	}
	return out, nil
}

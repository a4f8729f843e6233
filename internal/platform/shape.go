package platform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// decodeStrictly reads one JSON value into v, which points to a struct. Every member that v's type does not have, in
// this very spelling, and every value of another type is a violation with its JSON pointer; encoding/json would stop at
// the first, without saying where, and take names in any case.
func decodeStrictly(body []byte, v any) []Violation {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return []Violation{{Detail: "send a body of well-formed JSON"}}
	}
	if _, err := dec.Token(); err != io.EOF {
		return []Violation{{Detail: "there is something behind the JSON object: send one object"}}
	}
	if wrong := misfits("", plain, reflect.TypeOf(v).Elem()); len(wrong) > 0 {
		return wrong
	}
	if err := json.Unmarshal(body, v); err != nil { // a type that misfits does not know
		return []Violation{{Detail: "send a body of the documented shape"}}
	}
	return nil
}

// misfits are the places where a value does not have a type's shape. A null has none: what is not meant is left out.
func misfits(at string, value any, t reflect.Type) []Violation {
	switch t.Kind() {
	case reflect.Pointer:
		return misfits(at, value, t.Elem())
	case reflect.Struct:
		return objectMisfits(at, value, t)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return wants(at, "an array")
		}
		var all []Violation
		for i, element := range list {
			all = append(all, misfits(at+"/"+strconv.Itoa(i), element, t.Elem())...)
		}
		return all
	case reflect.String:
		if _, ok := value.(string); !ok {
			return wants(at, "a string")
		}
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return wants(at, "true or false")
		}
	case reflect.Int64, reflect.Int:
		n, ok := value.(json.Number)
		if _, err := strconv.ParseInt(n.String(), 10, 64); !ok || err != nil {
			return wants(at, "a whole number of at most 63 bits")
		}
	}
	return nil
}

func objectMisfits(at string, value any, t reflect.Type) []Violation {
	object, ok := value.(map[string]any)
	if !ok {
		return wants(at, "an object")
	}
	members := map[string]reflect.Type{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		members[name] = t.Field(i).Type
	}
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Strings(names)
	var all []Violation
	for _, name := range names {
		place := at + "/" + escape(name)
		if member, known := members[name]; known && name != "" {
			all = append(all, misfits(place, object[name], member)...)
		} else {
			all = append(all, Violation{Pointer: place, Detail: "leave this out: there is no such member here"})
		}
	}
	return all
}

func wants(at, what string) []Violation {
	return []Violation{{Pointer: at, Detail: fmt.Sprintf("send %s here", what)}}
}

// escape makes a member's name a part of a JSON pointer (RFC 6901).
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

package states

import (
	"math"
	"slices"

	"encoding/json"
)

// function is an intrinsic function: how many arguments it takes (max < 0: any number)
// and what it does. A template function gets its first argument's text with its escapes.
type function struct {
	min, max int
	template bool
	run      func(e *env, args []any) (any, error)
}

// functions are the intrinsic functions by name without "States.", as listed at
// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html.
var functions = map[string]*function{
	"Array":          {0, -1, false, func(_ *env, args []any) (any, error) { return args, nil }},
	"ArrayPartition": {2, 2, false, arrayPartition},
	"ArrayContains":  {2, 2, false, arrayContains},
	"ArrayRange":     {3, 3, false, arrayRange},
	"ArrayGetItem":   {2, 2, false, arrayGetItem},
	"ArrayLength":    {1, 1, false, arrayLength},
	"ArrayUnique":    {1, 1, false, arrayUnique},
	"Base64Encode":   {1, 1, false, base64Encode},
	"Base64Decode":   {1, 1, false, base64Decode},
	"Hash":           {2, 2, false, hashOf},
	"JsonMerge":      {3, 3, false, jsonMerge},
	"StringToJson":   {1, 1, false, stringToJSON},
	"JsonToString":   {1, 1, false, func(_ *env, args []any) (any, error) { return encode(args[0]), nil }},
	"MathRandom":     {2, 3, false, mathRandom},
	"MathAdd":        {2, 2, false, mathAdd},
	"StringSplit":    {2, 2, false, stringSplit},
	"UUID":           {0, 0, false, func(e *env, _ []any) (any, error) { return e.rand.UUID(), nil }},
	"Format":         {1, -1, true, format},
}

func arrayArg(v any) ([]any, error) {
	a, ok := v.([]any)
	if !ok {
		return nil, saysf("The argument must be an array but was: %s", encode(v))
	}
	return a, nil
}

// wholeArg is a number argument; one with a fraction is rounded to the nearest whole number.
func wholeArg(v any) (int64, error) {
	if i, ok := integer(v); ok {
		return i, nil
	}
	n, ok := v.(json.Number)
	if !ok {
		return 0, saysf("The argument must be a number but was: %s", encode(v))
	}
	f, err := n.Float64()
	if err != nil || math.Abs(f) > math.MaxInt32 {
		return 0, saysf("The number %s is out of range", n)
	}
	return int64(math.Floor(f + 0.5)), nil
}

func arrayPartition(_ *env, args []any) (any, error) {
	a, err := arrayArg(args[0])
	if err != nil {
		return nil, err
	}
	n, err := wholeArg(args[1])
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, saysf("The chunk size must be greater than 0 but was: %d", n)
	}
	out := []any{}
	for chunk := range slices.Chunk(a, int(min(n, int64(len(a)+1)))) {
		out = append(out, []any(chunk))
	}
	return out, nil
}

func arrayContains(_ *env, args []any) (any, error) {
	a, err := arrayArg(args[0])
	if err != nil {
		return nil, err
	}
	return contains(a, args[1]), nil
}

// maxRange is how many elements ArrayRange may make.
const maxRange = 1000

func arrayRange(_ *env, args []any) (any, error) {
	var n [3]int64
	for i := range n {
		var err error
		if n[i], err = wholeArg(args[i]); err != nil {
			return nil, err
		}
	}
	from, to, step := n[0], n[1], n[2]
	if step == 0 {
		return nil, saysf("The step must not be 0")
	}
	if (to-from)/step >= maxRange {
		return nil, saysf("The range has more than %d elements", maxRange)
	}
	out := []any{}
	for i := from; step > 0 && i <= to || step < 0 && i >= to; i += step {
		out = append(out, number(i))
	}
	return out, nil
}

func arrayGetItem(_ *env, args []any) (any, error) {
	a, err := arrayArg(args[0])
	if err != nil {
		return nil, err
	}
	i, err := wholeArg(args[1])
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= int64(len(a)) {
		return nil, saysf("The index %d is out of bounds for an array of %d elements", i, len(a))
	}
	return a[i], nil
}

func arrayLength(_ *env, args []any) (any, error) {
	a, err := arrayArg(args[0])
	return number(int64(len(a))), err
}

// arrayUnique keeps the first of equal elements.
func arrayUnique(_ *env, args []any) (any, error) {
	a, err := arrayArg(args[0])
	if err != nil {
		return nil, err
	}
	seen, out := make(map[string]bool, len(a)), []any{}
	for _, v := range a {
		if k := encode(sorted(v)); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out, nil
}

// sorted is v with the members of all objects in the order of their names.
func sorted(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = sorted(e)
		}
		return out
	case *object:
		keys := slices.Clone(x.keys)
		slices.Sort(keys)
		out := &object{}
		for _, k := range keys {
			m, _ := x.get(k)
			out.set(k, sorted(m))
		}
		return out
	}
	return v
}

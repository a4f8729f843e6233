package dynamodb

import (
	"strings"
	"testing"
)

const fullItem = `{"pk":{"S":"a"},"sk":{"S":"b"},"u":{"S":"hello"},"n":{"N":"5"},"g":{"S":"G"},"l":{"L":[{"N":"0"},{"N":"1"},{"S":"x"}]},
 "m":{"M":{"a":{"N":"1"},"z":{"S":"q"}}},"bb":{"B":"YWJj"},"ss":{"SS":["b","a"]},"ns":{"NS":["2","1.0"]},"t":{"BOOL":true},"nn":{"NULL":true}}`

const someValues = `":a":{"N":"1"} ":b":{"N":"5"} ":s":{"S":"x"} ":l":{"L":[]} ":t":{"BOOL":true} ":z":{"NULL":true} ":ss":{"SS":["a"]} ":he":{"S":"he"} ":bn":{"B":"YWI="} ":N":{"S":"N"}`

// valuesFor are those of someValues that the expression names, as a member of a request.
func valuesFor(expression string) string {
	var used []string
	for _, v := range strings.Fields(someValues) {
		name := strings.Split(v, `"`)[1]
		for _, tok := range lex(expression) {
			if tok.text == name {
				used = append(used, v)
				break
			}
		}
	}
	if used == nil {
		return ""
	}
	return `,"ExpressionAttributeValues":{` + strings.Join(used, ",") + `}`
}

func checkBody(expression string) string {
	return `{"TransactItems":[{"ConditionCheck":{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"ConditionExpression":` +
		string(appendString(nil, expression)) + valuesFor(expression) + `}}]}`
}

func TestConditionsHoldAsTheServiceDecides(t *testing.T) {
	w := tableWorld(t)
	w.do(east, "PutItem", `{"TableName":"tbl","Item":`+fullItem+`}`)
	hold := []string{"n = :b", ":b = n", "n between :a and :b", "n in (:a,:b)", "(n = :a) or (n = :b)", "not (not n = :b)", "NOT NOT n = :b",
		"n = :b or n = :a and n = :a", "not n = :a and n = :b", "m.a = :a", "l[1] = :a", "begins_with(u,:he)", "begins_with(bb,:bn)", "contains(u,:he)",
		"contains(l,:a)", "contains(l,:s)", "contains(bb,:bn)", "contains(ns,:a)", "size(u) = :b", "size(l) > :a", "size(bb) > :a", "attribute_type(n,:N)",
		"nope <> :a", "not nope = :a", "not nope < :a", "nope <> nope2", "nn = :z", "t = :t", "attribute_not_exists(m.q)", "attribute_exists(l[2])",
		"u <> :a", "n\n=\t:b", "attribute_exists((n))", ":a < :b", "n in (:a, :s, n2, :b)", "size (u) = :b", "n=:b AnD nOt u=:s", "contains(ss,:N) or n>:a"}
	fail := []string{"n = :a", "nope < :a", "nope = nope2", "n < :s", "u < :s and u > :s", "contains(ss,:ss)", "contains(m,:a)", "begins_with(u,:bn)", "size(n) = :a",
		"size(nope) = :a", "nope in (:a)", "attribute_type(u,:N)", "attribute_exists(l[3])", "l[0].a = :a", "a.b[1].c = :a", "ss = :ss",
		"attribute_exists(u) and ((n = :a) or (u = :s))"}
	for _, e := range hold {
		if _, err := w.try(east, "TransactWriteItems", checkBody(e)); err != nil {
			t.Errorf("%q should hold: %v", e, err)
		}
	}
	for _, e := range fail {
		if _, err := w.try(east, "TransactWriteItems", checkBody(e)); err == nil || err.Code != "TransactionCanceledException" {
			t.Errorf("%q should fail, got %v", e, err)
		}
	}
}

func TestWrongConditionsAreRefusedInTheServicesWords(t *testing.T) {
	w := tableWorld(t)
	for _, c := range [][2]string{
		{"", "The expression can not be empty;"},
		{"a==:a", `Syntax error; token: "=", near: "==:a"`},
		{"(a = :a", `Syntax error; token: "<EOF>", near: ":a"`},
		{"a = :a)", `Syntax error; token: ")", near: ":a)"`},
		{"zz = :a and and b = :b", `Syntax error; token: "and", near: "and and b"`},
		{"zz = a = b", `Syntax error; token: "=", near: "a = b"`},
		{"a", `Syntax error; token: "<EOF>", near: "a"`},
		{"a ! :a", `Syntax error; token: "!", near: "a ! :a"`},
		{"a in ()", `Syntax error; token: ")", near: "()"`},
		{"a in :a", `Syntax error; token: ":a", near: "in :a"`},
		{"a.b[-1] = :a", `Syntax error; token: "-", near: "[-1"`},
		{"_a = :a", `Syntax error; token: "_", near: "_a"`},
		{"size(a)", "The function is not allowed to be used this way in an expression; function: size"},
		{"attribute_exists(a) = :t", "The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{"attribute_exists(:a)", "Operator or function requires a document path; operator or function: attribute_exists"},
		{"attribute_exists(a,b)", "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2"},
		{"attribute_type(a,:s)", "Invalid attribute type name found; type: x, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}"},
		{"attribute_type(a,:a)", "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N"},
		{"begins_with(a,:a)", "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{"contains(a,a)", "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [a]"},
		{"a.b[1] = a.b[1]", "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a, b, [1]]"},
		{"size(:a)=:a", "Incorrect operand type for operator or function; operator or function: size, operand type: N"},
		{"a < :t", "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"},
		{"a BETWEEN :b AND :a", "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:5}, upper bound operand: AttributeValue: {N:1}"},
		{"a BETWEEN :a AND :s", "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}"},
		{"((a = :a))", "The expression has redundant parentheses;"},
		{"foo(a)", "Invalid function name; function: foo"},
		{"#a.x = :a", "An expression attribute name used in the document path is not defined; attribute name: #a"},
		{"a = :nope", "An expression attribute value used in expression is not defined; attribute value: :nope"},
		{"a.name = :a", "Attribute name is a reserved keyword; reserved keyword: name"},
		{"a[99999999999] = :a", "List index is not within the allowable range; index: [99999999999]"},
	} {
		w.wantError("TransactWriteItems", checkBody(c[0]), "ValidationException", "Invalid ConditionExpression: "+c[1])
	}
}

func updateBody(expression, returns string) string {
	return `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"ReturnValues":"` + returns + `","UpdateExpression":` +
		string(appendString(nil, expression)) + valuesFor(expression) + `}`
}

func TestUpdatesDoWhatTheySay(t *testing.T) {
	w := tableWorld(t)
	for _, c := range [][2]string{
		{"SET l[0] = :a, l[7] = :b, l[5] = :s REMOVE l[1], l[2]", `{"l":{"L":[{"N":"1"},{"S":"x"},{"N":"5"}]}}`},
		{"SET l = list_append(:l, l)", `{"l":{"L":[{"N":"0"},{"N":"1"},{"S":"x"}]}}`},
		{"SET m.a = m.a + :b, m.b = m.a", `{"m":{"M":{"a":{"N":"6"},"b":{"N":"1"}}}}`},
		{"SET n = n - :b", `{"n":{"N":"0"}}`},
		{"SET x = if_not_exists(nope, n)", `{"x":{"N":"5"}}`},
		{"SET x = if_not_exists(n, :a) + :b", `{"x":{"N":"10"}}`},
		{"SET x = (:a + :b)", `{"x":{"N":"6"}}`},
		{"ADD c :a, ss :ss", `{"c":{"N":"1"},"ss":{"SS":["a","b"]}}`},
		{"ADD m.cnt :a", `{"m":{"M":{"cnt":{"N":"1"}}}}`},
		{"DELETE ss :ss", `{"ss":{"SS":["b"]}}`},
		{"REMOVE l[0], l[1] SET n = :a", `{"l":{"L":[{"S":"x"}]},"n":{"N":"1"}}`},
		{"set x = :a remove u", `{"x":{"N":"1"}}`},
	} {
		w.do(east, "PutItem", `{"TableName":"tbl","Item":`+fullItem+`}`)
		got := w.do(east, "UpdateItem", updateBody(c[0], "UPDATED_NEW"))
		if c[0] == "REMOVE l[0], l[1] SET n = :a" || strings.HasPrefix(c[0], "SET l[0]") {
			continue // what is at a removed or appended index is not the value that was meant
		}
		if !sameJSON(t, got, `{"Attributes":`+c[1]+`}`) {
			t.Errorf("%s\n got  %s\n want %s", c[0], got, c[1])
		}
	}
	w.do(east, "PutItem", `{"TableName":"tbl","Item":`+fullItem+`}`)
	w.do(east, "UpdateItem", updateBody("SET l[0] = :a, l[7] = :b, l[5] = :s REMOVE l[1], l[2]", "NONE"))
	w.want(east, "GetItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"ProjectionExpression":"l"}`,
		`{"Item":{"l":{"L":[{"N":"1"},{"S":"x"},{"N":"5"}]}}}`)
}

func TestWrongUpdatesAreRefusedInTheServicesWords(t *testing.T) {
	w := tableWorld(t)
	w.do(east, "PutItem", `{"TableName":"tbl","Item":`+fullItem+`}`)
	syntax := "Invalid UpdateExpression: "
	for _, c := range [][2]string{
		{"", syntax + "The expression can not be empty;"},
		{"SET", syntax + `Syntax error; token: "<EOF>", near: "SET"`},
		{"SET a.b[0 = :a", syntax + `Syntax error; token: "=", near: "0 = :a"`},
		{"SET a = (:a + :a) - :a", syntax + `Syntax error; token: "-", near: ") - :a"`},
		{"SET a = :a + :a + :a", syntax + `Syntax error; token: "+", near: ":a + :a"`},
		{"SET a = ((:a))", syntax + "The expression has redundant parentheses;"},
		{"SET a = :a SET b = :a", syntax + `The "SET" section can only be used once in an update expression;`},
		{"SET a = :a, a.b = :a", syntax + "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"},
		{"SET a.b = :a, a[1] = :a", syntax + "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"},
		{"SET name = :a", syntax + "Attribute name is a reserved keyword; reserved keyword: name"},
		{"SET a = foo(:a)", syntax + "Invalid function name; function: foo"},
		{"SET a = size(b)", syntax + "The function is not allowed in an update expression; function: size"},
		{"SET a = list_append(:a)", syntax + "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1"},
		{"SET a = :a + :s", syntax + "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{"SET a = if_not_exists(:a,:a)", syntax + "Operator or function requires a document path; operator or function: if_not_exists"},
		{"ADD a :s", syntax + "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
		{"DELETE a :a", syntax + "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
		{"SET a = sk + :a", "An operand in the update expression has an incorrect data type"},
		{"ADD m :ss", "An operand in the update expression has an incorrect data type"},
		{"SET a = zz", "The provided expression refers to an attribute that does not exist in the item"},
		{"SET a.b.c = :a", "The document path provided in the update expression is invalid for update"},
		{"REMOVE q.z", "The document path provided in the update expression is invalid for update"},
		{"SET m[0] = :a", "The document path provided in the update expression is invalid for update"},
		{"SET pk = :a", "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"},
		{"SET n = :s", "One or more parameter values were invalid: Type mismatch for Index Key n Expected: N Actual: S IndexName: gsi"},
	} {
		w.wantError("UpdateItem", updateBody(c[0], "NONE"), "ValidationException", c[1])
	}
}

func TestNamesAndValuesMustBeUsedAndWellFormed(t *testing.T) {
	w := tableWorld(t)
	put := func(rest string) string {
		return `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"}},` + rest + `}`
	}
	for _, c := range [][2]string{
		{`"ExpressionAttributeNames":{"#a":"b"}`, "ExpressionAttributeNames can only be specified when using expressions"},
		{`"ExpressionAttributeValues":{":a":{"S":"b"}}`, "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"},
		{`"ConditionExpression":"a = b","ExpressionAttributeNames":{}`, "ExpressionAttributeNames must not be empty"},
		{`"ConditionExpression":"a = b","ExpressionAttributeValues":{}`, "ExpressionAttributeValues must not be empty"},
		{`"ConditionExpression":"a = b","ExpressionAttributeNames":{"x":"y"}`, `ExpressionAttributeNames contains invalid key: Syntax error; key: "x"`},
		{`"ConditionExpression":"a = b","ExpressionAttributeNames":{"#y":"y","#x":"x"}`, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x, #y}"},
		{`"ConditionExpression":"a = b","ExpressionAttributeValues":{":x":{"S":""}}`, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}"},
		{`"ConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{}}`, "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes for key :x"},
		{`"ConditionExpression":"a = b","Expected":{"a":{"Exists":false}}`, "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"},
	} {
		w.wantError("PutItem", put(c[0]), "ValidationException", c[1])
	}
}

func TestProjectionKeepsNestedPathsAndListOrder(t *testing.T) {
	w := tableWorld(t)
	w.do(east, "PutItem", `{"TableName":"tbl","Item":`+fullItem+`}`)
	get := `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"ProjectionExpression":`
	w.want(east, "GetItem", get+`"l[2],l[0],m.a,zz,#u","ExpressionAttributeNames":{"#u":"u"}}`,
		`{"Item":{"l":{"L":[{"N":"0"},{"S":"x"}]},"m":{"M":{"a":{"N":"1"}}},"u":{"S":"hello"}}}`)
	w.want(east, "GetItem", get+`"zz"}`, `{"Item":{}}`)
	w.wantError("GetItem", get+`"a,a.b"}`, "ValidationException", "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]")
	w.wantError("GetItem", get+`"foo(a)"}`, "ValidationException", `Invalid ProjectionExpression: Syntax error; token: "(", near: "foo(a"`)
	w.wantError("GetItem", get+`"pk.x"}`, "ValidationException", "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk")
}

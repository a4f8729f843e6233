package differential_test

import "maps"

const table = "differential"

// definition is the table that requests go to: both kinds of indexes, each with another projection, and a stream.
var definition = object{
	"TableName": table, "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": []object{{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
		{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}},
	"KeySchema": keys("pk", "sk"),
	"GlobalSecondaryIndexes": []object{{"IndexName": "gsi", "KeySchema": keys("g", "n"),
		"Projection": object{"ProjectionType": "INCLUDE", "NonKeyAttributes": []string{"x"}}}},
	"LocalSecondaryIndexes": []object{{"IndexName": "lsi", "KeySchema": keys("pk", "n"), "Projection": object{"ProjectionType": "KEYS_ONLY"}}},
	"StreamSpecification":   object{"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}

func keys(hash, sort string) []object {
	return []object{{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}}
}

// request is an operation and its parameters.
type request struct {
	operation string
	body      object
}

// next draws a request.
func (g *generator) next() request {
	g.fresh()
	g.spoilt = false
	switch n := g.IntN(100); {
	case n < 18:
		return g.write("PutItem", object{"Item": g.item()})
	case n < 40:
		body := object{"Key": g.key()}
		if g.chance(93) {
			body["UpdateExpression"] = g.update()
		}
		return g.write("UpdateItem", body)
	case n < 46:
		return g.write("DeleteItem", object{"Key": g.key()})
	case n < 54:
		return g.get()
	case n < 70:
		return g.query()
	case n < 74:
		return g.scan()
	case n < 82:
		return g.transactWrite()
	case n < 85:
		return g.transactGet()
	case n < 92:
		return g.batch()
	}
	return g.legacy()
}

func (g *generator) on(body object) object {
	body["TableName"] = table
	if g.chance(40) {
		body["ReturnConsumedCapacity"] = one(g, "TOTAL", "INDEXES", "NONE")
	}
	return body
}

func (g *generator) write(operation string, body object) request {
	if g.chance(45) {
		body["ConditionExpression"] = g.condition(0)
	}
	switch {
	case operation == "UpdateItem" && g.chance(60):
		body["ReturnValues"] = one(g, "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
	case g.chance(40):
		body["ReturnValues"] = one(g, "NONE", "ALL_OLD")
	case g.odd():
		body["ReturnValues"] = "FOO"
	}
	if g.chance(30) {
		body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
	}
	return request{operation, g.bind(g.on(body))}
}

func (g *generator) get() request {
	body := object{"Key": g.key(), "ConsistentRead": g.chance(50)}
	if g.chance(60) {
		body["ProjectionExpression"] = g.projection()
	}
	return request{"GetItem", g.bind(g.on(body))}
}

func (g *generator) query() request {
	body := object{"ScanIndexForward": g.chance(50)}
	hash := ""
	sort, value := "sk", func() object { return object{"S": one(g, "a", "a1", "b", "b0", "c1")} }
	if g.chance(45) {
		body["IndexName"] = one(g, "gsi", "lsi")
		sort, value = "n", func() object { return object{"N": one(g, "-5", "0", "2.5", "4", "10")} }
		if body["IndexName"] == "gsi" {
			hash = "g = " + g.literal(object{"S": one(g, "G", "H")})
		}
	}
	if hash == "" {
		hash = "pk = " + g.literal(object{"S": one(g, "p1", "p2", "p3")})
	}
	body["KeyConditionExpression"] = hash
	if g.chance(50) {
		body["KeyConditionExpression"] = hash + " AND " + g.sortCondition(sort, value)
	}
	if g.chance(30) {
		body["FilterExpression"] = g.condition(1)
	}
	switch g.IntN(4) {
	case 0:
		body["ProjectionExpression"] = g.projection()
	case 1:
		body["Select"] = one(g, "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
	}
	if g.chance(30) && body["IndexName"] == nil { // which has no order among items with the same key
		body["Limit"] = one(g, 1, 2, 3, 100)
	}
	if g.chance(25) {
		body["ConsistentRead"] = true
	}
	return request{"Query", g.bind(g.on(body))}
}

func (g *generator) sortCondition(name string, value func() object) string {
	switch g.IntN(8) {
	case 0:
		if name == "n" {
			break
		}
		return "begins_with(" + name + ", " + g.literal(object{"S": one(g, "a", "b", "c1")}) + ")"
	case 1:
		return name + " BETWEEN " + g.literal(value()) + " AND " + g.literal(value())
	}
	return name + " " + one(g, "=", "<", "<=", ">", ">=", "=", "<", ">=") + " " + g.literal(value())
}

// scan has no Limit: the engines hold partitions in different orders.
func (g *generator) scan() request {
	body := object{}
	if g.chance(40) {
		body["IndexName"] = one(g, "gsi", "lsi")
	}
	if g.chance(60) {
		body["FilterExpression"] = g.condition(0)
	}
	if g.chance(40) {
		body["ProjectionExpression"] = g.projection()
	}
	return request{"Scan", g.bind(g.on(body))}
}

func (g *generator) transactWrite() request {
	var parts []object
	for range 1 + g.IntN(3) {
		g.fresh()
		verb := one(g, "Put", "Update", "Delete", "ConditionCheck")
		body := object{"TableName": table}
		switch verb {
		case "Put":
			body["Item"] = g.item()
		case "Update":
			body["Key"], body["UpdateExpression"] = g.key(), g.update()
		default:
			body["Key"] = g.key()
		}
		if verb == "ConditionCheck" || g.chance(50) {
			body["ConditionExpression"] = g.condition(0)
		}
		if g.chance(40) {
			body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
		}
		parts = append(parts, object{verb: g.bind(body)})
	}
	body := g.on(object{"TransactItems": parts})
	delete(body, "TableName")
	return request{"TransactWriteItems", body}
}

func (g *generator) transactGet() request {
	var parts []object
	for range 1 + g.IntN(3) {
		g.fresh()
		get := object{"TableName": table, "Key": g.key()}
		if g.chance(40) {
			get["ProjectionExpression"] = g.projection()
		}
		parts = append(parts, object{"Get": g.bind(get)})
	}
	return request{"TransactGetItems", object{"TransactItems": parts}}
}

func (g *generator) batch() request {
	if g.chance(50) {
		get := object{"Keys": []object{g.key(), g.key()}, "ConsistentRead": g.chance(50)}
		if g.chance(40) {
			get["ProjectionExpression"] = g.projection()
		}
		body := g.on(object{"RequestItems": object{table: g.bind(get)}})
		delete(body, "TableName")
		return request{"BatchGetItem", body}
	}
	var writes []object
	for range 1 + g.IntN(4) {
		if g.chance(70) {
			writes = append(writes, object{"PutRequest": object{"Item": g.item()}})
		} else {
			writes = append(writes, object{"DeleteRequest": object{"Key": g.key()}})
		}
	}
	body := g.on(object{"RequestItems": object{table: writes}})
	delete(body, "TableName")
	return request{"BatchWriteItem", body}
}

// legacy is a request with the parameters that expressions replaced.
func (g *generator) legacy() request {
	switch g.IntN(6) {
	case 0:
		return request{"GetItem", g.on(object{"Key": g.key(), "AttributesToGet": []string{"x", one(g, "y", "pk", "q")}})}
	case 1:
		conditions := object{"pk": object{"ComparisonOperator": "EQ", "AttributeValueList": []object{{"S": "p1"}}}}
		if g.chance(60) {
			conditions["sk"] = object{"ComparisonOperator": one(g, "EQ", "LT", "GE", "BEGINS_WITH", "NE"), "AttributeValueList": []object{{"S": "b"}}}
		}
		body := object{"KeyConditions": conditions}
		if g.chance(50) {
			body["QueryFilter"] = g.legacyConditions()
		}
		return request{"Query", g.on(body)}
	case 2:
		return request{"Scan", g.on(object{"ScanFilter": g.legacyConditions()})}
	case 3:
		body := object{"Key": g.key(), "AttributeUpdates": g.legacyUpdates(), "ReturnValues": one(g, "NONE", "ALL_NEW", "UPDATED_NEW")}
		return request{"UpdateItem", g.on(body)}
	}
	body := object{"Item": g.item(), "Expected": g.legacyConditions()}
	if g.chance(40) {
		maps.Copy(body["Expected"].(object), object{"x": object{"Exists": false}, "y": object{"Value": g.text()}})
		body["ConditionalOperator"] = one(g, "AND", "OR")
	}
	return request{"PutItem", g.on(body)}
}

func (g *generator) legacyConditions() object {
	operator := one(g, "EQ", "NE", "LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "BEGINS_WITH", "IN", "BETWEEN", "NULL", "NOT_NULL")
	arguments := []object{}
	switch operator {
	case "NULL", "NOT_NULL":
	case "BETWEEN":
		arguments = []object{{"S": "a"}, {"S": one(g, "b", "ab")}}
	case "IN":
		arguments = []object{{"S": "a"}, {"S": "b"}}
	default:
		arguments = []object{one(g, object{"S": "a"}, object{"N": "1"})}
	}
	return object{one(g, "x", "y", "z"): object{"ComparisonOperator": operator, "AttributeValueList": arguments}}
}

func (g *generator) legacyUpdates() object {
	update := object{"Action": one(g, "PUT", "ADD", "DELETE")}
	if update["Action"] != "DELETE" || g.chance(50) {
		update["Value"] = one(g, object{"N": "2"}, object{"SS": []string{"a"}}, object{"S": "s"})
	}
	return object{one(g, "x", "y", "z", "q"): update}
}

package dynamodb

import "testing"

func TestLegacyParametersSayWhatExpressionsSay(t *testing.T) {
	w := tableWorld(t)
	key := `"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}}`
	w.do(east, "PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"},"q":{"N":"1"},"s":{"SS":["x","y"]}},"Expected":{"pk":{"Exists":false}}}`)
	w.wantError("PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"}},"Expected":{"pk":{"Exists":false}}}`, "ConditionalCheckFailedException", "The conditional request failed")
	w.want(east, "UpdateItem", `{`+key+`,"AttributeUpdates":{"q":{"Action":"ADD","Value":{"N":"2"}},"s":{"Action":"DELETE","Value":{"SS":["y"]}},"t":{"Value":{"S":"new"}}},"Expected":{"q":{"ComparisonOperator":"GT","AttributeValueList":[{"N":"0"}]}},"ReturnValues":"UPDATED_NEW"}`,
		`{"Attributes":{"q":{"N":"3"},"s":{"SS":["x"]},"t":{"S":"new"}}}`)
	w.want(east, "UpdateItem", `{`+key+`,"AttributeUpdates":{"s":{"Action":"DELETE"},"l":{"Action":"ADD","Value":{"L":[{"N":"1"}]}}}}`, `{}`)
	w.want(east, "GetItem", `{`+key+`,"AttributesToGet":["q","s","l"]}`, `{"Item":{"l":{"L":[{"N":"1"}]},"q":{"N":"3"}}}`)
	query := `{"TableName":"tbl","Select":"COUNT","KeyConditions":{"pk":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"a"}]},"sk":{"ComparisonOperator":"BEGINS_WITH","AttributeValueList":[{"S":"b"}]}}`
	w.want(east, "Query", query+`,"QueryFilter":{"t":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"zz"}]}}}`, `{"Count":1,"ScannedCount":1}`)
	w.want(east, "Query", query+`,"QueryFilter":{"none":{"ComparisonOperator":"NOT_CONTAINS","AttributeValueList":[{"S":"zz"}]}}}`, `{"Count":0,"ScannedCount":1}`)
	w.want(east, "Scan", `{"TableName":"tbl","Select":"COUNT","ScanFilter":{"t":{"ComparisonOperator":"NULL"},"q":{"ComparisonOperator":"IN","AttributeValueList":[{"N":"3"},{"N":"4"}]}},"ConditionalOperator":"OR"}`, `{"Count":1,"ScannedCount":1}`)
}

func TestWrongLegacyParametersAreRefusedInTheServicesWords(t *testing.T) {
	w := tableWorld(t)
	const wrong = "One or more parameter values were invalid: "
	for _, c := range [][2]string{
		{`"Expected":{"x":{}}`, wrong + "Value must be provided when Exists is null for Attribute: x"},
		{`"Expected":{"x":{"Exists":true}}`, wrong + "Value must be provided when Exists is true for Attribute: x"},
		{`"Expected":{"x":{"Exists":false,"Value":{"S":"a"}}}`, wrong + "Value cannot be used when Exists is false for Attribute: x"},
		{`"Expected":{"x":{"ComparisonOperator":"EQ"}}`, wrong + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: x"},
		{`"Expected":{"x":{"ComparisonOperator":"BETWEEN","AttributeValueList":[{"S":"a"}]}}`, wrong + "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
		{`"Expected":{"x":{"ComparisonOperator":"LT","AttributeValueList":[{"BOOL":true}]}}`, wrong + "ComparisonOperator LT is not valid for BOOL AttributeValue type"},
		{`"Expected":{"x":{"AttributeValueList":[{"S":"a"}]}}`, wrong + "AttributeValueList can only be used with a ComparisonOperator for Attribute: x"},
		{`"Expected":{"x":{"Exists":false}},"ConditionalOperator":"OR"`, "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
		{`"ConditionalOperator":"OR"`, "ConditionalOperator cannot be used without Filter or Expected"},
	} {
		w.wantError("PutItem", `{"TableName":"tbl","Item":{"pk":{"S":"a"},"sk":{"S":"b"}},`+c[0]+`}`, "ValidationException", c[1])
	}
	for _, c := range [][2]string{
		{`"x":{"Action":"PUT"}`, wrong + "Only DELETE action is allowed when no attribute value is specified"},
		{`"x":{"Action":"ADD","Value":{"S":"a"}}`, wrong + "ADD action is not supported for the type STRING"},
		{`"pk":{"Value":{"S":"a"}}`, wrong + "Cannot update attribute pk. This attribute is part of the key"},
	} {
		w.wantError("UpdateItem", `{"TableName":"tbl","Key":{"pk":{"S":"a"},"sk":{"S":"b"}},"AttributeUpdates":{`+c[0]+`}}`, "ValidationException", c[1])
	}
	w.wantError("Query", `{"TableName":"tbl","KeyConditions":{"pk":{"ComparisonOperator":"NE","AttributeValueList":[{"S":"a"}]}}}`, "ValidationException", "Attempted conditional constraint is not an indexable operation")
}

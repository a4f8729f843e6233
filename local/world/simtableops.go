package world

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go"
)

// The operations of platform.Tables.
var (
	getItemOperation            = smithy.NewOperationSchema(ddb.GetItem, ddb.GetItemInput, ddb.GetItemOutput)
	putItemOperation            = smithy.NewOperationSchema(ddb.PutItem, ddb.PutItemInput, ddb.PutItemOutput)
	updateItemOperation         = smithy.NewOperationSchema(ddb.UpdateItem, ddb.UpdateItemInput, ddb.UpdateItemOutput)
	deleteItemOperation         = smithy.NewOperationSchema(ddb.DeleteItem, ddb.DeleteItemInput, ddb.DeleteItemOutput)
	queryOperation              = smithy.NewOperationSchema(ddb.Query, ddb.QueryInput, ddb.QueryOutput)
	scanOperation               = smithy.NewOperationSchema(ddb.Scan, ddb.ScanInput, ddb.ScanOutput)
	batchGetItemOperation       = smithy.NewOperationSchema(ddb.BatchGetItem, ddb.BatchGetItemInput, ddb.BatchGetItemOutput)
	batchWriteItemOperation     = smithy.NewOperationSchema(ddb.BatchWriteItem, ddb.BatchWriteItemInput, ddb.BatchWriteItemOutput)
	transactWriteItemsOperation = smithy.NewOperationSchema(ddb.TransactWriteItems, ddb.TransactWriteItemsInput, ddb.TransactWriteItemsOutput)
)

// GetItem implements platform.Tables.
func (t *simTables) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	out := &dynamodb.GetItemOutput{}
	if err := t.call(ctx, getItemOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// PutItem implements platform.Tables.
func (t *simTables) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	out := &dynamodb.PutItemOutput{}
	if err := t.call(ctx, putItemOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateItem implements platform.Tables.
func (t *simTables) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	out := &dynamodb.UpdateItemOutput{}
	if err := t.call(ctx, updateItemOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteItem implements platform.Tables.
func (t *simTables) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	out := &dynamodb.DeleteItemOutput{}
	if err := t.call(ctx, deleteItemOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Query implements platform.Tables.
func (t *simTables) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out := &dynamodb.QueryOutput{}
	if err := t.call(ctx, queryOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Scan implements platform.Tables.
func (t *simTables) Scan(ctx context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	out := &dynamodb.ScanOutput{}
	if err := t.call(ctx, scanOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// BatchGetItem implements platform.Tables.
func (t *simTables) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	out := &dynamodb.BatchGetItemOutput{}
	if err := t.call(ctx, batchGetItemOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// BatchWriteItem implements platform.Tables.
func (t *simTables) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	out := &dynamodb.BatchWriteItemOutput{}
	if err := t.call(ctx, batchWriteItemOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// TransactWriteItems implements platform.Tables.
func (t *simTables) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if in.ClientRequestToken == nil {
		token, err := t.tokens.GetIdempotencyToken()
		if err != nil {
			return nil, err
		}
		in.ClientRequestToken = &token // as the SDK does, in the caller's own input
	}
	out := &dynamodb.TransactWriteItemsOutput{}
	if err := t.call(ctx, transactWriteItemsOperation, in, out); err != nil {
		return nil, err
	}
	return out, nil
}

package dynamodb

import (
	"context"

	"twofold/local/core"
)

// describeLimits gives an account's default quotas.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
func (s *Service) describeLimits(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	if err := call.Authorize("dynamodb:DescribeLimits", "*"); err != nil {
		return nil, coreError(err)
	}
	return marshal(map[string]int{"AccountMaxReadCapacityUnits": 80000, "AccountMaxWriteCapacityUnits": 80000,
		"TableMaxReadCapacityUnits": 40000, "TableMaxWriteCapacityUnits": 40000})
}

// describeBackups says what is so of every table here: continuous backups are on, restoring to a point in time is off.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeContinuousBackups.html
func (s *Service) describeBackups(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	var r nameRequest
	if _, err := s.named(call, &r, &r.TableName, "DescribeContinuousBackups"); err != nil {
		if err.Code == "ResourceNotFoundException" {
			err = core.Errorf("TableNotFoundException", "Table not found: %s", r.TableName)
		}
		return nil, err
	}
	return marshal(map[string]any{"ContinuousBackupsDescription": map[string]any{"ContinuousBackupsStatus": "ENABLED",
		"PointInTimeRecoveryDescription": map[string]string{"PointInTimeRecoveryStatus": "DISABLED"}}})
}

// describeEndpoints names the endpoint that answered, for clients that look it up.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeEndpoints.html
func (s *Service) describeEndpoints(_ context.Context, call *core.Call) ([]byte, *core.Error) {
	if err := call.Authorize("dynamodb:DescribeEndpoints", "*"); err != nil {
		return nil, coreError(err)
	}
	return marshal(map[string]any{"Endpoints": []map[string]any{{"Address": "dynamodb." + call.Region + ".amazonaws.com", "CachePeriodInMinutes": 1440}}})
}

// Package secretsmanager is Secrets Manager of the local cloud, with the signing name
// "secretsmanager" (JSON 1.1).
//
// # What it guarantees
//
// Secrets come from AWS::SecretsManager::Secret, with a given or a generated value.
// GetSecretValue, DescribeSecret and PutSecretValue answer as the API reference says
// (docs.aws.amazon.com/secretsmanager/latest/apireference): names, whole and partial
// ARNs, version ids, and the staging labels AWSCURRENT and AWSPREVIOUS, which PutSecretValue moves.
// Every operation is authorized on the secret's ARN. A generated value is drawn once from the
// cloud's Rand and kept when the resource is provisioned again.
//
// # What it does not do
//
// Rotation, replication to other regions, resource policies, deletion and encryption: what a
// template asks of these is an error, except the key, which changes nothing on one machine.
package secretsmanager

// Package secretsmanager is Secrets Manager of the local cloud, with the signing name
// "secretsmanager" (JSON 1.1).
//
// # What it guarantees
//
// Secrets come from AWS::SecretsManager::Secret, with a given value, a generated one or none yet.
// GetSecretValue, DescribeSecret, PutSecretValue, UpdateSecretVersionStage and RotateSecret answer as the API reference says
// (docs.aws.amazon.com/secretsmanager/latest/apireference): names, whole and partial
// ARNs, version ids, and the staging labels AWSCURRENT, AWSPENDING and AWSPREVIOUS.
// Every operation is authorized on the secret's ARN. A generated value is drawn once from the
// cloud's Rand and kept when the resource is provisioned again.
//
// AWS::SecretsManager::RotationSchedule rotates a secret when its days are over. A rotation makes an empty version that is pending and calls the function for
// the four steps, as the service secretsmanager.amazonaws.com on behalf of the secret, which the function's policy must allow.
//
// # What it does not do
//
// A rotation that failed is not tried again; its version stays pending, and blocks the next as on AWS until the label is removed. Schedules by
// expression, replication to other regions, resource policies, deletion and encryption are not run: what a
// template asks of these is an error, except the key, which changes nothing on one machine. Secrets are not kept over a restart.
package secretsmanager

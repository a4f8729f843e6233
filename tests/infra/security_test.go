package infra_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestEverythingAtRestIsUnderACustomersKey(t *testing.T) {
	ts := readTemplates(t)
	for kind, key := range map[string][]string{
		"AWS::SQS::Queue": {"KmsMasterKeyId"}, "AWS::SNS::Topic": {"KmsMasterKeyId"}, "AWS::SecretsManager::Secret": {"KmsKeyId"}, "AWS::Logs::LogGroup": {"KmsKeyId"},
		"AWS::DynamoDB::Table": {"SSESpecification", "KMSMasterKeyId"}, "AWS::CloudTrail::Trail": {"KMSKeyId"},
	} {
		found := ts.of(kind)
		if len(found) == 0 {
			t.Errorf("there is no %s", kind)
		}
		for _, d := range found {
			if d.at(key...) == nil && d.file != "pipeline.yaml" { // a build's log has nothing of the shop's in it

				t.Errorf("%s: %s has no %s", d.file, d.id, strings.Join(key, "."))
			}
		}
	}
	for _, k := range ts.of("AWS::KMS::Key") {
		if k.text("EnableKeyRotation") != "true" {
			t.Errorf("%s: %s is not rotated", k.file, k.id)
		}
	}
}

func TestEveryReplicaAndTableCanBeRestoredAndIsNotDeletedByMistake(t *testing.T) {
	ts := readTemplates(t)
	for _, d := range ts.of("AWS::DynamoDB::Table") {
		if d.text("TableName") == "twofold-${Stage}-health" {
			continue // nothing in it is worth a backup
		}
		if d.at("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != "true" || d.properties["DeletionProtectionEnabled"] == nil {
			t.Errorf("%s has no recovery or no protection", d.id)
		}
	}
	for _, d := range ts.of("AWS::DynamoDB::GlobalTable") {
		replicas, _ := d.properties["Replicas"].([]any)
		if len(replicas) != 2 {
			t.Errorf("%s has %d replicas", d.id, len(replicas))
		}
		for _, r := range replicas {
			text := fmt.Sprint(r)
			for _, need := range []string{"DeletionProtectionEnabled:", "PointInTimeRecoveryEnabled:true", "KMSMasterKeyId:alias/twofold-${Stage}-data"} {
				if !strings.Contains(text, need) {
					t.Errorf("a replica of %s lacks %s", d.id, need)
				}
			}
		}
	}
}

func TestEveryFunctionHasALogGroupThatEnds(t *testing.T) {
	ts := readTemplates(t)
	for _, f := range functions(t) {
		if !ts.named("AWS::Logs::LogGroup", "/aws/lambda/twofold-${Stage}-"+f) {
			t.Errorf("%s has no log group", f)
		}
	}
	for _, d := range ts.of("AWS::Logs::LogGroup") {
		if d.text("RetentionInDays") == "" {
			t.Errorf("%s keeps everything for ever", d.id)
		}
	}
}

func TestTheTrailCannotBeForged(t *testing.T) {
	ts := readTemplates(t)
	for _, d := range ts.of("AWS::CloudTrail::Trail") {
		for _, p := range []string{"IsMultiRegionTrail", "EnableLogFileValidation", "IncludeGlobalServiceEvents", "IsLogging"} {
			if d.text(p) != "true" {
				t.Errorf("%s: %s is not true", d.id, p)
			}
		}
	}
	for _, b := range ts.of("AWS::S3::Bucket") {
		if b.file == "trail.yaml" && b.at("ObjectLockConfiguration", "Rule", "DefaultRetention", "Mode") != "COMPLIANCE" {
			t.Errorf("%s is not locked", b.id)
		}
	}
	if len(ts.of("AWS::CloudTrail::Trail")) != 1 {
		t.Error("there is not one trail")
	}
}

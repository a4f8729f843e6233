package infra_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shifted are the functions of the API and the saga, whose new versions get their traffic step by step.
var shifted = []string{"api-authorizer", "api-health", "inventory-api", "inventory-saga", "order-api", "order-query", "order-saga", "payment-saga",
	"payment-webhook", "shipping-saga", "shipping-webhook"}

// faultsOfDeployment are what is missing for a new version to be shifted gradually, judged, and stopped.
func faultsOfDeployment(ts *templates) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	functions := map[string]declaration{}
	for _, d := range ts.of("AWS::Serverless::Function") {
		functions[short(d.text("FunctionName"))] = d
	}
	for _, name := range shifted {
		d := functions[name]
		for path, want := range map[string]string{"Type": "${DeploymentPreference}", "Role": "${ShiftRoleArn}"} {
			if d.at("DeploymentPreference", path) != want {
				fault("%s: DeploymentPreference.%s is not %s", name, path, want)
			}
		}
		if d.at("DeploymentPreference", "Hooks", "PreTraffic") != "${BeforeFunction}" || d.at("DeploymentPreference", "Hooks", "PostTraffic") != "${AfterFunction}" {
			fault("%s: a hook is missing", name)
		}
		choice, _ := d.at("DeploymentPreference", "Alarms").([]any)
		if len(choice) != 3 || choice[0] != "Gradual" || fmt.Sprint(choice[2]) != "[${AWS::NoValue}]" {
			fault("%s: there is no way out: AllAtOnce must ask no alarm", name)
			continue
		}
		for _, want := range []string{"twofold-${Stage}-version-errors-" + name, "twofold-${Stage}-region"} {
			if !slices.Contains(named(ts, d.file, words(choice[1])), want) {
				fault("%s: no alarm %s stops it", name, want)
			}
		}
		for _, alarm := range named(ts, d.file, words(choice[1])) {
			if !ts.named("AWS::CloudWatch::Alarm", alarm) && !ts.named("AWS::CloudWatch::CompositeAlarm", alarm) {
				fault("%s: its alarm %s does not exist", name, alarm)
			}
		}
	}
	return slices.Concat(faults, faultsOfSaga(ts), faultsOfPermissions(ts))
}

// faultsOfSaga are what is missing for a new definition of the state machine to be shifted gradually, and for all who start it to start its alias.
func faultsOfSaga(ts *templates) (faults []string) {
	for _, d := range ts.of("AWS::Serverless::StateMachine") {
		p, _ := d.properties["DeploymentPreference"].(map[string]any)
		if d.text("AutoPublishAlias") != "live" || fmt.Sprint(p["Type"]) != "[Gradual CANARY ALL_AT_ONCE]" {
			faults = append(faults, d.id+" has no alias whose executions are shifted")
		}
		for _, alarm := range []string{"twofold-${Stage}-sagas-failing", "twofold-${Stage}-region"} {
			if !strings.Contains(fmt.Sprint(p["Alarms"]), alarm) || !ts.named("AWS::CloudWatch::Alarm", alarm) && !ts.named("AWS::CloudWatch::CompositeAlarm", alarm) {
				faults = append(faults, d.id+": no alarm "+alarm+" stops it")
			}
		}
	}
	for _, d := range ts.all {
		for _, s := range statements(d.properties) {
			grants := !slices.Contains(deploy, d.file) && d.kind != "AWS::IAM::ManagedPolicy" // which is a boundary
			if grants && slices.Contains(s.actions, "states:StartExecution") && !strings.HasSuffix(s.resources[0], ":live") && s.resources[0] != "${OrderSagaAliaslive}" {
				faults = append(faults, d.id+" may start "+s.resources[0]+", which is not the alias")
			}
		}
		if d.id == "StartRule" && !strings.Contains(fmt.Sprint(d.properties["Targets"]), "Arn:${OrderSagaAliaslive} ") {
			faults = append(faults, "StartRule does not start the alias of the saga")
		}
		if machine, _ := d.at("Environment", "Variables", "STATE_MACHINE_ARN").(string); machine != "" && !strings.HasSuffix(machine, ":live") {
			faults = append(faults, d.id+" does not start the alias of the saga")
		}
	}
	return faults
}

// named are alarms by their physical names: those of the file are referred to.
func named(ts *templates, file string, alarms []string) (out []string) {
	for _, a := range alarms {
		for _, d := range ts.of("AWS::CloudWatch::Alarm") {
			if d.file == file && a == "${"+d.id+"}" {
				a = d.text("AlarmName")
			}
		}
		out = append(out, a)
	}
	return out
}

// faultsOfPermissions are what hooks and CodeDeploy's role may not do and must, or may do and need not.
func faultsOfPermissions(ts *templates) (faults []string) {
	const arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:twofold-${Stage}-"
	want := map[string][]string{}
	for _, name := range shifted {
		for _, hook := range []string{"DeployBeforeFunction", "DeployAfterFunction"} {
			want[hook+" lambda:InvokeFunction"] = append(want[hook+" lambda:InvokeFunction"], arn+name+":*")
		}
		for _, action := range []string{"lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"} {
			want["ShiftRole "+action] = append(want["ShiftRole "+action], arn+name, arn+name+":live")
		}
	}
	for _, hook := range []string{"DeployBeforeFunction", "DeployAfterFunction"} {
		for _, action := range []string{"GetDeploymentTarget", "ListDeploymentTargets", "PutLifecycleEventHookExecutionStatus"} {
			want[hook+" codedeploy:"+action] = []string{"arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentgroup:twofold-${Stage}-*/*"}
		}
		want["ShiftRole lambda:InvokeFunction"] = append(want["ShiftRole lambda:InvokeFunction"], "${"+hook+".Arn}")
	}
	want["ShiftRole cloudwatch:DescribeAlarms"] = []string{"arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"}
	got := map[string][]string{}
	for _, d := range roles(ts) {
		if d.file != "deploy.yaml" {
			continue
		}
		for _, s := range statements(d.properties["Policies"]) {
			for _, a := range s.actions {
				got[d.id+" "+a] = append(got[d.id+" "+a], s.resources...)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		slices.Sort(want[key])
		slices.Sort(got[key])
		if !slices.Equal(want[key], got[key]) {
			faults = append(faults, fmt.Sprintf("%s is allowed on %q, not on %q", key, got[key], want[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if want[key] == nil {
			faults = append(faults, key+" is allowed, and nothing needs it")
		}
	}
	return faults
}

func TestNewVersionsAreShiftedJudgedAndStopped(t *testing.T) {
	if n := len(readTemplates(t).of("AWS::Serverless::StateMachine")); n != 1 {
		t.Fatalf("%d state machines", n)
	}
	for _, fault := range faultsOfDeployment(readTemplates(t)) {
		t.Error(fault)
	}
	for _, file := range []string{"api.yaml", "orders.yaml", "inventory.yaml", "payments.yaml", "shipping.yaml"} {
		if !strings.Contains(read(t, "stacks/"+file), "\n    AutoPublishAlias: live\n") {
			t.Errorf("the functions of %s have no alias", file)
		}
	}
}

func TestWhatADeploymentLacksIsNamed(t *testing.T) {
	for want, take := range map[string]func(d *declaration) bool{
		"order-api: no alarm twofold-${Stage}-version-errors-order-api stops it": func(d *declaration) bool { return d.id == "OrderApiVersionAlarm" },
		"order-saga: its alarm twofold-${Stage}-region does not exist":           func(d *declaration) bool { return d.id == "RegionAlarm" },
		"OrderSaga: no alarm twofold-${Stage}-sagas-failing stops it":            func(d *declaration) bool { return d.id == "SagasFailingAlarm" },
		"payment-saga: DeploymentPreference.Type":                                func(d *declaration) bool { return d.id == "PaymentSagaFunction" },
		"DeployAfterFunction lambda:InvokeFunction is allowed on []":             func(d *declaration) bool { return d.id == "DeployAfterFunction" },
		"ShiftRole lambda:UpdateAlias is allowed on []":                          func(d *declaration) bool { return d.id == "ShiftRole" },
	} {
		ts := readTemplates(t)
		before := len(ts.all)
		ts.all = slices.DeleteFunc(ts.all, func(d declaration) bool { return take(&d) })
		if len(ts.all) != before-1 {
			t.Fatalf("%s: %d were taken away", want, before-len(ts.all))
		}
		if found := faultsOfDeployment(ts); !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("%s: not among %q", want, found)
		}
	}
}

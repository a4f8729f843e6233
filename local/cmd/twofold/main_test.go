package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fsnotify/fsnotify"
)

func TestWhatCannotBeCarriedOutIsOneLineAndExitsWith2(t *testing.T) {
	for line, says := range map[string]string{
		"":                     "name a command: demo, up",
		"uo":                   `there is no command "uo"`,
		"help uo":              `there is no command "uo"`,
		"up -wotch":            "-wotch; see twofold help up",
		"bench -regions x":     "-regions; see twofold help bench",
		"up now":               "write: twofold up",
		"3ds ord_1":            "write: twofold 3ds ORDER pass|fail",
		"3ds ord_1 perhaps":    `not "perhaps"`,
		"carrier ord_1 lose":   `not "lose"`,
		"up -lag -1s":          "-lag cannot be below 0",
		"up -schedule-speed 0": "-schedule-speed must be above",
		"up -lag soon":         "soon",
	} {
		err := run(t.Context(), strings.Fields(line))
		if err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("twofold %s: %v", line, err)
		}
	}
	if exitCode(errors.New("something else")) != 1 {
		t.Error("another error does not exit with 1")
	}
}

func TestHelpKnowsEveryCommand(t *testing.T) {
	for _, c := range commands() {
		for _, args := range [][]string{{"help", c.name}, {c.name, "-h"}} {
			if err := run(t.Context(), args); err != nil {
				t.Errorf("%v: %v", args, err)
			}
		}
	}
}

func TestFlagsMayStandBehindWords(t *testing.T) {
	err := run(t.Context(), []string{"3ds", "ord_1", "pass", "-endpoint", "http://127.0.0.1:1"})
	if err == nil || exitCode(err) != 1 || !strings.Contains(err.Error(), "nothing answers at http://127.0.0.1:1") {
		t.Errorf("%v", err)
	}
}

func TestTheDeployedClockIsReadFromTheTemplate(t *testing.T) {
	got, err := deployedAges("../../../template.yaml")
	if err != nil || got[ownAge] == "" || got[peerAge] == "" {
		t.Errorf("%v %v", got, err)
	}
}

func TestASavedFileRebuildsOrAsksForARestartOrMeansNothing(t *testing.T) {
	w := &watcher{root: "/shop"}
	for name, want := range map[string]effect{
		"internal/order/api.go": rebuild, "functions/order-api/main.go": rebuild, "internal/notification/templates/mail.html": rebuild, "go.mod": rebuild,
		"stacks/api.yaml": restart, "template.yaml": restart, "openapi.yaml": restart, "statemachine/order-saga.asl.json": restart, "samconfig.toml": restart,
		"internal/order/api_test.go": none, "internal/order/.api.go.swp": none, "internal/order/api.go~": none, "README.md": none, ".build": none, "internal/order/testdata/v1/key.json": none,
	} {
		if _, got := w.effectOf(fsnotify.Event{Name: filepath.Join("/shop", name), Op: fsnotify.Write}); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestAFaultIsReadFromItsWords(t *testing.T) {
	for line, want := range map[string]string{"lose us-east-1": "region=us-east-1", "lag 2s": "by=2s", "show": "", "rates Throttled=0.1 LateBy=2s": "LateBy=2s&Throttled=0.1"} {
		if got, err := faultQuery(strings.Fields(line)); err != nil || got.Encode() != want {
			t.Errorf("%s: %s %v", line, got.Encode(), err)
		}
	}
	for _, line := range []string{"", "break", "lose", "lose a b", "cut us-east-1", "lag", "rates", "rates Throttled"} {
		if _, err := faultQuery(strings.Fields(line)); err == nil || exitCode(err) != 2 {
			t.Errorf("%s: %v", line, err)
		}
	}
}

package operator

import (
	"bytes"
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
)

// nobody is who no command gets to: the line is wrong.
func nobody(Settings) (*Operator, error) { return nil, errors.New("it was tried") }

func TestAWrongLineIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	for line, want := range map[string]string{
		"orders":                    `there is no command "orders"`,
		"order":                     "write one of: order show ORDER, order redrive ORDER",
		"order show":                "write: order show ORDER",
		"order show a b":            "write: order show ORDER",
		"order show a -apply":       "flag provided but not defined: -apply",
		"dlq redrive q":             "name the region with -in",
		"obligations -older":        "flag needs an argument",
		"region fence us-east-1 -x": "flag provided but not defined: -x",
	} {
		err := Run(context.Background(), strings.Fields(line), &bytes.Buffer{}, nobody)
		if !errors.As(err, new(Usage)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestHelpAndThePackageNameTheSameCommands(t *testing.T) {
	var out bytes.Buffer
	if err := Run(context.Background(), nil, &out, nobody); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands() {
		if !strings.Contains(out.String(), c.line()) || !strings.Contains(string(doc), "//\t"+c.line()+" ") {
			t.Errorf("%s is not in the help, or not in the package's documentation", c.line())
		}
	}
	if described := len(regexp.MustCompile(`(?m)^//\t[a-z]`).FindAll(doc, -1)); described != len(commands()) {
		t.Errorf("%d commands are described, and there are %d", described, len(commands()))
	}
}

func TestTheRegionsAreThoseThatAreDeployed(t *testing.T) {
	raw, err := os.ReadFile("../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range strings.Split(DefaultRegions, ",") {
		if !bytes.Contains(raw, []byte("[prod-"+region+".deploy.parameters]")) {
			t.Errorf("samconfig.toml deploys nothing to %s", region)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^\[prod-[a-z]+-[a-z]+-[0-9]\.deploy`).FindAll(raw, -1)); n != 2 {
		t.Errorf("samconfig.toml deploys prod to %d regions", n)
	}
}

// Command pipeline walks the delivery pipeline without an account.
//
//	pipeline walk                 says of every action what it takes, gives and runs, and what does not fit
//	pipeline deployments          resolves every deployment of samconfig.toml for both regions of staging and prod
//	pipeline parameters FOLDER    writes the parameter files of both stages, by region
//	pipeline run                  runs the commands of the buildspecs that need no account, in order
//
// It is run in the root of the repository, and exits 1 if something does not fit.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"

	"twofold/pipeline"
)

var stages = []string{"staging", "prod"}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "walk":
		return walk()
	case len(args) == 1 && args[0] == "deployments":
		return deployments(ctx)
	case len(args) == 1 && args[0] == "run":
		return commands(ctx)
	case len(args) == 2 && args[0] == "parameters":
		for _, stage := range stages {
			if err := pipeline.WriteParameters(".", args[1], stage); err != nil {
				return err
			}
		}
		return nil
	}
	return errors.New("say walk, deployments, run or parameters FOLDER")
}

// walk prints the pipeline as a table and what does not fit beneath.
func walk() error {
	p, err := pipeline.Read(".")
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row(w, "stage", "action", "what", "where", "takes", "gives", "as")
	for _, s := range p.Stages {
		for _, a := range s.Actions {
			row(w, s.Name, a.Name, a.What(), a.Region, strings.Join(a.Inputs, " "), strings.Join(a.Outputs, " "), a.Role)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	findings, err := pipeline.Check(p)
	if err != nil {
		return err
	}
	for _, f := range findings {
		fmt.Println("does not fit:", f)
	}
	if len(findings) > 0 {
		return fmt.Errorf("%d things do not fit", len(findings))
	}
	fmt.Println("every action's artifacts, variables, roles, templates, parameter files and buildspecs are there")
	return nil
}

func row(w *tabwriter.Writer, cells ...string) {
	_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // the writer keeps an error until Flush
}

func deployments(ctx context.Context) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	row(w, "deployment", "stack", "region", "parameters", "resources", "")
	var failed []error
	for _, stage := range stages {
		list, err := pipeline.Deployments(ctx, ".", stage)
		if err != nil {
			return err
		}
		for _, r := range list {
			state := "resolves"
			if r.Err != nil {
				state, failed = "does not resolve", append(failed, r.Err)
			}
			row(w, r.Env, r.StackName, r.Region, fmt.Sprint(len(r.Parameters)), fmt.Sprint(r.Resources), state)
		}
	}
	return errors.Join(append([]error{w.Flush()}, failed...)...)
}

// commands runs what runs here of the buildspecs, and says of the rest why not.
func commands(ctx context.Context) error {
	p, err := pipeline.Read(".")
	if err != nil {
		return err
	}
	specs, err := p.Buildspecs()
	if err != nil {
		return err
	}
	for _, s := range specs {
		for _, command := range s.Commands() {
			here, why := pipeline.Here(command)
			if here == "" {
				fmt.Printf("%s: not run here: %s (%s)\n", s.Name, command, why)
				continue
			}
			fmt.Printf("%s: %s\n", s.Name, here)
			cmd := exec.CommandContext(ctx, "bash", "-c", here)
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %s: %w", s.Name, here, err)
			}
		}
	}
	return nil
}

package main

import (
	"bytes"
	"context"
	"flag"
	"os"

	"twofold/local/cost"
)

// costs measures what orders cost and prints it, or writes it down.
func costs(flags *flag.FlagSet) func(ctx context.Context, args []string) error {
	file := flags.String("write", "", "write into this file and not to the terminal")
	root := flags.String("root", ".", "the repository")
	return func(context.Context, []string) error {
		report, err := cost.Measure(*root)
		if err != nil {
			return err
		}
		if *file == "" {
			return report.Print(os.Stdout)
		}
		var page bytes.Buffer
		if err := report.Print(&page); err != nil {
			return err
		}
		return os.WriteFile(*file, page.Bytes(), 0o644)
	}
}

// Command twofold is the local cloud with Twofold deployed into it, and what people around the shop do with it.
//
// `twofold help` lists its commands, `twofold help COMMAND` a command's flags. It exits 1 when something went wrong, and 2
// when it was asked for something that it does not have.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "twofold:", err)
		os.Exit(exitCode(err))
	}
}

// usageError is a command line that cannot be carried out.
type usageError struct{ why string }

func (e usageError) Error() string { return e.why }

func exitCode(err error) int {
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// command is one thing that can be asked for. Set declares its flags and gives what is run when they have been read.
type command struct {
	name string
	args string // what it wants besides flags, each a word
	what string // one line
	set  func(flags *flag.FlagSet) func(ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		{"demo", "", "both regions up, orders of every fate, a region lost under load and restored, every promise checked", platform(plain(demo), withLag)},
		{"up", "", "the same platform, left running", platform(up, withLag, withRegions, withWatch)},
		{"bench", "", "figures of speed, calls and memory", platform(plain(bench))},
		{"scale", "", "what an order costs beside many that are stored, and how fast one SKU can be sold, in a simulated world; bench prints it too", scale},
		{"cloud", "", "the services of the local cloud alone, with nothing deployed", platform(plain(cloud))},
		{"canary", "", "a sound and a faulty version of a function deployed with orders flowing: shift, alarm, rollback, and no order lost", canary},
		{"cost", "", "what a million orders cost at list price, metered in a simulated world", costs},
		{"3ds", "ORDER pass|fail", "answer the bank's question about a payment, as the shopper does", authentication},
		{"carrier", "ORDER pick-up|deliver", "pick up or deliver a parcel, as the carrier does", parcel},
		{"fault", "WHAT...", "break a running platform or mend it: lose|restore REGION, cut, heal, lag DURATION, rates NAME=VALUE..., show", fault},
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageError{"name a command: " + names()}
	}
	name, rest := args[0], args[1:]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		return help(rest)
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, rest)
		}
	}
	return usageError{fmt.Sprintf("there is no command %q: name one of %s", name, names())}
}

func names() string {
	var all []string
	for _, c := range commands() {
		all = append(all, c.name)
	}
	return strings.Join(append(all, "help"), ", ")
}

func (c command) run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(&strings.Builder{}) // what is wrong is said in one line, below
	flags.Usage = func() {}
	do := c.set(flags)
	words, err := parse(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return help([]string{c.name})
	case err != nil:
		return usageError{fmt.Sprintf("%s: %v; see twofold help %s", c.name, err, c.name)}
	case !strings.HasSuffix(c.args, "...") && len(words) != len(strings.Fields(c.args)):
		return usageError{"write: " + c.line()}
	}
	return do(ctx, words)
}

// line is how the command is written.
func (c command) line() string { return strings.TrimSpace("twofold " + c.name + " " + c.args) }

// parse reads flags wherever they stand, and gives the other words.
func parse(flags *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return words, nil
		}
		words, args = append(words, flags.Arg(0)), flags.Args()[1:]
	}
}

// help lists the commands, or the flags of one.
func help(args []string) error {
	if len(args) == 0 {
		for _, c := range commands() {
			fmt.Printf("%-38s %s\n", c.line(), c.what)
		}
		fmt.Printf("%-38s %s\n", "twofold help COMMAND", "the flags of a command")
		return nil
	}
	for _, c := range commands() {
		if c.name == args[0] {
			flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
			flags.SetOutput(os.Stdout)
			c.set(flags)
			fmt.Printf("%s [flags]: %s\n", c.line(), c.what)
			flags.PrintDefaults()
			return nil
		}
	}
	return usageError{fmt.Sprintf("there is no command %q: name one of %s", args[0], names())}
}

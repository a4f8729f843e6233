package operator

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options are what flags say.
type options struct {
	apply               bool
	in, reason, rule    string
	key                 string
	older, within, wait time.Duration
	from, to            string
	most                int
}

// command is one thing that can be asked for.
type command struct {
	name  string // one or two words
	args  string // what it wants besides flags, each a word
	what  string
	flags string // of the flags below those that it has, with spaces between
	do    func(ctx context.Context, o *Operator, args []string, opt options) error
}

func commands() []command {
	return slices.Concat(orderCommands(), queueCommands(), regionCommands(), stockCommands(), secretCommands())
}

func orderCommands() []command {
	return []command{
		{"order show", "ORDER", "both regions' facts, intent, reservation, shipment and mails, and what is outstanding", "",
			func(ctx context.Context, o *Operator, a []string, _ options) error { return o.ShowOrder(ctx, a[0]) }},
		{"order redrive", "ORDER", "start the order's saga in a region", "apply in",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.RedriveOrder(ctx, a[0], opt.in, opt.apply)
			}},
		{"order erase", "ORDER", "remove the personal data of an order, in both regions", "apply",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.EraseOrder(ctx, a[0], opt.apply)
			}},
		{"obligations", "", "what is owed, by age, in both regions", "older within",
			func(ctx context.Context, o *Operator, _ []string, opt options) error {
				return o.Obligations(ctx, opt.older, opt.within)
			}},
	}
}

func queueCommands() []command {
	return []command{
		{"dlq list", "", "dead-letter queues and how many messages each holds", "",
			func(ctx context.Context, o *Operator, _ []string, _ options) error { return o.ListDeadLetters(ctx) }},
		{"dlq show", "QUEUE", "the messages of a dead-letter queue, with reasons", "in most",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.ShowDeadLetters(ctx, a[0], opt.in, opt.most)
			}},
		{"dlq redrive", "QUEUE", "send dead letters back to the queue they belong to", "apply in",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.RedriveDeadLetters(ctx, a[0], opt.in, opt.apply)
			}},
		{"replay", "", "send archived events of a time again, to all rules or to one", "apply in from to rule", replay},
	}
}

func regionCommands() []command {
	return []command{
		{"region show", "", "of each region: last probe, whether it was taken out, whether it is fenced", "",
			func(ctx context.Context, o *Operator, _ []string, _ options) error { return o.ShowRegions(ctx) }},
		{"region out", "REGION", "take a region out of service: its health check fails", "apply reason",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.TakeOut(ctx, a[0], opt.reason, opt.apply)
			}},
		{"region in", "REGION", "take a region in again", "apply",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.TakeIn(ctx, a[0], opt.apply)
			}},
		{"region fence", "REGION", "give up a region that is lost for good: its peer acts for it", "apply",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.Fence(ctx, a[0], opt.apply)
			}},
		{"region adopt", "REGION", "take over the stock of a fenced region", "apply wait",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.Adopt(ctx, a[0], opt.wait, opt.apply)
			}},
		{"region wipe", "REGION", "delete what a fenced region's own tables hold of stock and cursors", "apply",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.Wipe(ctx, a[0], opt.apply)
			}},
		{"region rejoin", "REGION", "let a fenced and wiped region act again", "apply",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.Rejoin(ctx, a[0], opt.apply)
			}},
	}
}

func stockCommands() []command {
	return []command{
		{"stock show", "SKU", "both regions' counters of a SKU, and what is on its way between them", "",
			func(ctx context.Context, o *Operator, a []string, _ options) error { return o.ShowStock(ctx, a[0]) }},
		{"stock rebalance", "SKU", "even a SKU's stock out between the regions", "apply",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.Rebalance(ctx, a[0], opt.apply)
			}},
	}
}

func secretCommands() []command {
	return []command{
		{"secret list", "", "how old the keys of both regions are", "",
			func(ctx context.Context, o *Operator, _ []string, _ options) error { return o.ListSecrets(ctx) }},
		{"secret put", "SECRET", "take a new key that its issuer made: test it, and make it current", "apply in key",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.PutSecret(ctx, opt.in, a[0], opt.key, opt.apply)
			}},
		{"secret rotate", "SECRET", "rotate a secret now that rotates by itself", "apply in",
			func(ctx context.Context, o *Operator, a []string, opt options) error {
				return o.RotateSecret(ctx, opt.in, a[0], opt.apply)
			}},
	}
}

func replay(ctx context.Context, o *Operator, _ []string, opt options) error {
	from, ferr := time.Parse(time.RFC3339, opt.from)
	to, terr := time.Parse(time.RFC3339, opt.to)
	if opt.to == "" {
		to, terr = o.Now(), nil
	}
	if ferr != nil || terr != nil {
		return Usage{"write -from and -to like 2026-03-04T12:00:00Z"}
	}
	return o.Replay(ctx, opt.in, opt.rule, from, to, opt.apply)
}

// declare adds the flags that a command has.
func (c command) declare(flags *flag.FlagSet, opt *options) {
	all := map[string]func(){
		"apply": func() {
			flags.BoolVar(&opt.apply, "apply", false, "do it; without it the command tells what it would do")
		},
		"in":     func() { flags.StringVar(&opt.in, "in", "", "the `region`") },
		"key":    func() { flags.StringVar(&opt.key, "key", "/dev/stdin", "the `file` with the new key") },
		"reason": func() { flags.StringVar(&opt.reason, "reason", "not said", "`why`, for those who come later") },
		"older":  func() { flags.DurationVar(&opt.older, "older", 0, "show what is at least so `old`") },
		"within": func() {
			flags.DurationVar(&opt.within, "within", 15*time.Minute, "look for open orders of this `time`; older ones stand on the retry lists")
		},
		"wait": func() { flags.DurationVar(&opt.wait, "wait", 0, "how `long` to wait until all orders have an outcome") },
		"most": func() { flags.IntVar(&opt.most, "most", 10, "show at most so `many`") },
		"from": func() { flags.StringVar(&opt.from, "from", "", "the `time` from which on, like 2026-03-04T12:00:00Z") },
		"to":   func() { flags.StringVar(&opt.to, "to", "", "the `time` up to which; now when empty") },
		"rule": func() {
			flags.StringVar(&opt.rule, "rule", "", "a `part` of the names of the rules that get the events; all when empty")
		},
	}
	for _, name := range strings.Fields(c.flags) {
		all[name]()
	}
}

// line is how the command is written.
func (c command) line() string { return strings.TrimSpace(c.name + " " + c.args) }

// Settings are what flags say of the stage, for all commands.
type Settings struct {
	Stage   string
	Regions string // with commas between
}

// Run carries out a command line without the program's name. make makes the operator when it is known on what.
func Run(ctx context.Context, args []string, out io.Writer, make func(Settings) (*Operator, error)) error {
	c, rest, err := find(args)
	if err != nil {
		return err
	}
	if c == nil {
		return help(out)
	}
	var set Settings
	var opt options
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&set.Stage, "stage", "local", "the `stage` of samconfig.toml")
	flags.StringVar(&set.Regions, "regions", DefaultRegions, "both `regions` of the stage, with a comma between")
	c.declare(flags, &opt)
	words, err := parse(flags, rest)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return Usage{fmt.Sprintf("%s: %v; see -help", c.name, err)}
	case len(words) != len(strings.Fields(c.args)):
		return Usage{"write: " + c.line()}
	case opt.in == "" && slices.Contains(strings.Fields(c.flags), "in"):
		return Usage{"name the region with -in, one of " + set.Regions}
	}
	o, err := make(set)
	if err != nil {
		return err
	}
	return c.do(ctx, o, words, opt)
}

// find gives the command that a line begins with, and the rest of the line; no command for help.
func find(args []string) (*command, []string, error) {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		return nil, nil, nil
	}
	var of []string
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return &c, args[len(words):], nil
		}
		if words[0] == args[0] {
			of = append(of, c.line())
		}
	}
	if len(of) > 0 {
		return nil, nil, Usage{"write one of: " + strings.Join(of, ", ")}
	}
	return nil, nil, Usage{fmt.Sprintf("there is no command %q: help lists them", args[0])}
}

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

func help(out io.Writer) error {
	for _, c := range commands() {
		if _, err := fmt.Fprintf(out, "%-24s %s\n", c.line(), c.what); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, "\nCOMMAND -help has the flags; all have -stage and -regions. Where the services are and who asks comes from the usual configuration of "+
		"the SDK:\nfor make up AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=operator AWS_SECRET_ACCESS_KEY=any, for an account AWS_PROFILE.")
	return err
}

// Command twofold is the local cloud with Twofold deployed into it.
//
//	twofold demo    both regions up, orders through both, promises checked
//	twofold up      the same platform, left running
//	twofold bench   figures of speed
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"twofold/local/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "twofold:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, world.Options) error{"demo": demo, "up": up, "bench": bench}
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("say one of: demo, up, bench")
	}
	opts, err := options(args[0], args[1:])
	if err != nil {
		return err
	}
	if err := printClock(opts); err != nil {
		return err
	}
	return commands[args[0]](ctx, opts)
}

// options come from flags; the places of things are found from the binary, which stands in the build folder of the repository.
func options(command string, args []string) (world.Options, error) {
	flags := flag.NewFlagSet("twofold "+command, flag.ContinueOnError)
	root := flags.String("root", ".", "the repository")
	lag := flags.Duration("lag", 100*time.Millisecond, "how long replication between the regions takes")
	listen := flags.String("listen", defaultListen[command], "address of the AWS endpoint; empty for a free port")
	logs := flags.String("logs", "", "folder for what functions write (default: .build/logs)")
	data := flags.String("data", "", "folder that keeps the state over restarts; empty keeps none")
	own := flags.Duration("sweep-own-after", 0, "age at which a region sweeps its own orders; 0 is as deployed")
	peer := flags.Duration("sweep-peer-after", 0, "age at which a region sweeps the other's orders; 0 is as deployed")
	if err := flags.Parse(args); err != nil {
		return world.Options{}, err
	}
	if *logs == "" {
		*logs = filepath.Join(*root, ".build", "logs")
	}
	return world.Options{Root: *root, Functions: filepath.Join(*root, ".build", "functions"), Lag: *lag, Listen: *listen, Logs: *logs, Data: *data,
		Overrides: ages(*own, *peer)}, nil
}

// defaultListen is a fixed port where people come back to it, and a free one where nobody does.
var defaultListen = map[string]string{"up": "127.0.0.1:4566"}

package main

import (
	"context"
	"flag"
	"path/filepath"
	"strings"
	"time"

	"twofold/local/world"
)

// settings are what the flags of demo, up and bench say.
type settings struct {
	world.Options
	watch bool
}

// option declares a flag that only some of these commands have.
type option func(flags *flag.FlagSet, s *settings)

// platform makes a command of what runs on a platform. The places of things are found from the folder of the repository.
func platform(do func(ctx context.Context, s settings) error, more ...option) func(*flag.FlagSet) func(context.Context, []string) error {
	return func(flags *flag.FlagSet) func(context.Context, []string) error {
		var s settings
		flags.StringVar(&s.Root, "root", ".", "the `folder` of the repository")
		flags.StringVar(&s.Logs, "logs", "", "the `folder` for what functions write (default .build/logs)")
		flags.StringVar(&s.Data, "data", "", "the `folder` that keeps the state over restarts; without it nothing is kept")
		flags.StringVar(&s.Listen, "listen", defaultListen(flags.Name()), "the `address` of the AWS endpoint; empty for a free port")
		usual := defaultClock(flags.Name())
		own := flags.Duration("sweep-own-after", usual.own, "the `age` at which a region sweeps its own orders; 0 as deployed")
		peer := flags.Duration("sweep-peer-after", usual.peer, "the `age` at which a region sweeps the other's orders; 0 as deployed")
		flags.Float64Var(&s.Speed, "schedule-speed", usual.speed, "how many `times` faster schedules run, the sweeps' among them")
		flags.BoolVar(&s.Unthrottled, "unthrottled", false, "without DynamoDB's limits on what one partition takes in a second")
		for _, declare := range more {
			declare(flags, &s)
		}
		return func(ctx context.Context, _ []string) error {
			s.Functions = filepath.Join(s.Root, ".build", "functions")
			if s.Logs == "" {
				s.Logs = filepath.Join(s.Root, ".build", "logs")
			}
			s.Overrides = ages(*own, *peer)
			if err := s.check(); err != nil {
				return err
			}
			if err := printClock(s.Options); err != nil {
				return err
			}
			return do(ctx, s)
		}
	}
}

// plain is for what needs no more than a platform.
func plain(do func(context.Context, world.Options) error) func(context.Context, settings) error {
	return func(ctx context.Context, s settings) error { return do(ctx, s.Options) }
}

func (s settings) check() error {
	if s.Lag < 0 || s.Speed <= 0 {
		return usageError{"-lag cannot be below 0, and -schedule-speed must be above it"}
	}
	for _, age := range s.Overrides {
		if strings.HasPrefix(age, "-") {
			return usageError{"the age of a sweep cannot be below 0"}
		}
	}
	return nil
}

// defaultListen is a fixed port where people come back to it, and a free one where nobody does.
func defaultListen(command string) string {
	if command == "up" {
		return endpointAddress
	}
	return ""
}

// clock is what the sweeps wait for; zero ages are the deployed ones.
type clock struct {
	own, peer time.Duration
	speed     float64
}

// defaultClock is the deployed clock but for the demo, which has nobody wait for minutes.
func defaultClock(command string) clock {
	if command == "demo" {
		return clock{own: 2 * time.Second, peer: 3 * time.Second, speed: 30}
	}
	return clock{speed: 1}
}

// endpointAddress is where up listens, and where commands look for it, unless told otherwise.
const endpointAddress = "127.0.0.1:4566"

func withLag(flags *flag.FlagSet, s *settings) {
	flags.DurationVar(&s.Lag, "lag", 100*time.Millisecond, "the `time` that replication between the regions takes")
}

func withRegions(flags *flag.FlagSet, s *settings) {
	flags.Func("regions", "the `regions` that run, with commas between; the others are lost from the start (default all)", func(list string) error {
		s.Regions = strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	})
}

func withWatch(flags *flag.FlagSet, s *settings) {
	flags.BoolVar(&s.watch, "watch", false, "build functions again when their code is saved, and replace what has changed")
}

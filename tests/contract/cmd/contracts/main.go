// Command contracts keeps the pacts and the document made from them:
//
//	contracts check <written> <kept> <document>   fails if they differ from what the consumers' tests have written
//	contracts keep <written> <kept> <document>    takes over what the consumers' tests have written
//	contracts names <kept>                        prints everybody who has a pact and is deployed from here
package main

import (
	"errors"
	"fmt"
	"os"

	"twofold/tests/contract/agreed"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "names" {
		return names(args[1])
	}
	if len(args) != 4 || args[0] != "check" && args[0] != "keep" {
		return errors.New("usage: contracts check|keep <written> <kept> <document>, or contracts names <kept>")
	}
	written, kept, document := args[1], args[2], args[3]
	if args[0] == "keep" {
		if err := agreed.Keep(written, kept); err != nil {
			return err
		}
	} else if err := agreed.Compare(written, kept); err != nil {
		return err
	}
	all, err := agreed.Read(kept)
	if err != nil {
		return err
	}
	if args[0] == "keep" {
		return os.WriteFile(document, []byte(agreed.Document(all)), 0o644)
	}
	have, err := os.ReadFile(document)
	if err == nil && string(have) != agreed.Document(all) {
		err = fmt.Errorf("%s is not what the pacts say: run `make pacts` and commit it", document)
	}
	return err
}

func names(kept string) error {
	all, err := agreed.Read(kept)
	if err != nil {
		return err
	}
	seen := map[string]bool{"stripe": true, "carrier": true} // not ours to deploy
	for _, p := range all {
		for _, name := range []string{p.Consumer, p.Provider} {
			if !seen[name] {
				seen[name] = true
				fmt.Println(name)
			}
		}
	}
	return nil
}

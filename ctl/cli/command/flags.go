package command

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"crs/ctl"
	"crs/internal/config"
)

// Takes checks that there is one argument for each name.
func Takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return ctl.Errorf(ctl.BadRequest, "%s needs %s", cmd.CommandPath(), strings.Join(names[len(args):], " and "))
		}
		if len(args) > len(names) {
			return ctl.Errorf(ctl.BadRequest, "%s does not take %q", cmd.CommandPath(), args[len(names)])
		}
		return nil
	}
}

// Given is nil for a flag that was not.
func Given[T any](flags *pflag.FlagSet, name string, value T) *T {
	if !flags.Changed(name) {
		return nil
	}
	return &value
}

// ChangesSomething checks that at least one of a command's own flags was given.
func ChangesSomething(cmd *cobra.Command) error {
	own, some := cmd.LocalNonPersistentFlags(), false
	cmd.Flags().Visit(func(f *pflag.Flag) { some = some || own.Lookup(f.Name) != nil })
	if !some {
		return ctl.Errorf(ctl.BadRequest, "nothing is to be changed")
	}
	return nil
}

// Dollars is a flag for an amount of money.
type Dollars ctl.USD

// Set implements pflag.Value.
func (d *Dollars) Set(text string) error {
	parsed, err := ctl.ParseUSD(text)
	if err != nil {
		return err
	}
	*d = Dollars(parsed)
	return nil
}

// String implements pflag.Value. It shows no default.
func (*Dollars) String() string { return "" }

// Type implements pflag.Value.
func (*Dollars) Type() string { return "USD" }

// Span is a flag for a duration that may be in days.
type Span time.Duration

// Set implements pflag.Value.
func (s *Span) Set(text string) error {
	parsed, err := config.ParseDuration(text)
	if err != nil || parsed < 0 {
		return ctl.Errorf(ctl.BadRequest, "%q is not a duration such as 30s, 12h or 30d", text)
	}
	*s = Span(parsed)
	return nil
}

// String implements pflag.Value. It shows no default.
func (*Span) String() string { return "" }

// Type implements pflag.Value.
func (*Span) Type() string { return "DURATION" }

// Seconds is how many it has.
func (s Span) Seconds() float64 { return time.Duration(s).Seconds() }

// Number is a flag that counts: a whole number from 1 on.
type Number int

// Set implements pflag.Value.
func (n *Number) Set(text string) error {
	read, err := strconv.Atoi(text)
	if err != nil || read < 1 {
		return errors.New("want a whole number from 1 on")
	}
	*n = Number(read)
	return nil
}

// String implements pflag.Value. It is empty for no default.
func (*Number) String() string { return "" }

// Type implements pflag.Value.
func (*Number) Type() string { return "N" }

// Words are the entries of a list, without what is empty. They are never nil, so that an empty list can be told from none.
func Words(list []string) []string {
	found := []string{}
	for _, word := range list {
		if word = strings.TrimSpace(word); word != "" {
			found = append(found, word)
		}
	}
	return found
}

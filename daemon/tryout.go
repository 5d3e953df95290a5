package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tryLimit is how long a program may take to read a configuration.
const tryLimit = 20 * time.Second

// tryOut has a program read the configuration that this daemon was started with.
func (d *Daemon) tryOut(ctx context.Context, program string) error {
	if !filepath.IsAbs(program) {
		return fmt.Errorf("%s is not the whole path of a program", program)
	}
	ctx, stop := context.WithTimeout(ctx, tryLimit)
	defer stop()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "config", "check")
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = d.environment(), &said, &said, time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("try %s: it did not read the configuration within %s", program, tryLimit)
	case err != nil && said.Len() == 0:
		return fmt.Errorf("the new version does not run here: %w", err)
	case err != nil:
		return errors.New("the new version does not take the present configuration: " + firstLine(said.String()))
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimPrefix(line, "error: ")
}

// environment is this process's, with what its flags say in the form of variables.
func (d *Daemon) environment() []string {
	set := map[string]string{}
	for key, value := range d.opt.Source.Flags {
		set["CRS_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = value
	}
	if d.opt.Source.File != "" {
		set["CRS_CONFIG"] = d.opt.Source.File
	}
	env := slices.DeleteFunc(slices.Clone(d.opt.Source.Environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, over := set[name]
		return over
	})
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}

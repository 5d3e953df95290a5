// Command publish finishes a release directory that make release has filled: it fills in the install script and the formula,
// writes the checksums and the manifest, and signs both.
//
//	publish key FILE                                       makes a signing key, and prints its public half
//	publish public FILE                                    prints the public half of a signing key
//	publish release DIR VERSION FILE FROM [NOTES]          finishes the release in DIR, signed with the key in FILE
//
// A key that has a password is opened with what is in RELEASE_PASSWORD.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"crs/internal/errs"
	"crs/internal/release"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "key":
		return makeKey(args[1])
	case len(args) == 2 && args[0] == "public":
		return showKey(args[1])
	case len(args) >= 5 && args[0] == "release":
		notes := ""
		if len(args) > 5 {
			notes = args[5]
		}
		return finish(args[1], args[2], args[3], args[4], notes)
	}
	return errors.New("usage: publish key FILE | publish public FILE | publish release DIR VERSION FILE FROM [NOTES]")
}

func makeKey(file string) error {
	s, err := release.NewSigner()
	if err != nil {
		return err
	}
	text, err := s.SecretText()
	if err != nil {
		return fmt.Errorf("make a signing key: %w", err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return fmt.Errorf("keep the signing key: %w", err)
	}
	fmt.Println(s.PublicText())
	return nil
}

func showKey(file string) error {
	s, err := release.OpenSigner(file, os.Getenv("RELEASE_PASSWORD"))
	if err != nil {
		return err
	}
	fmt.Println(s.PublicText())
	return nil
}

func finish(dir, version, keyFile, from, notes string) error {
	s, err := release.OpenSigner(keyFile, os.Getenv("RELEASE_PASSWORD"))
	if err != nil {
		return err
	}
	at, err := published()
	if err != nil {
		return err
	}
	d := &directory{path: dir, version: version, from: from, signer: s}
	if err := errs.First(d.describe, d.fillIn, d.sum); err != nil {
		return err
	}
	return release.Write(dir, release.Manifest{Version: version, Published: at, Notes: notes, Artefacts: d.artefacts}, s)
}

// published is when the release was made, so that the same source gives the same release.
func published() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Now().UTC().Truncate(time.Second), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

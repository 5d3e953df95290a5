package command

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"crs/ctl"
)

// Write gives a document out: into a file, which is replaced in one step and which only its owner can read, or to standard output for "".
func (a *App) Write(to string, document []byte) error {
	if to == "" || to == "-" {
		if _, err := a.IO.Out.Write(document); err != nil {
			return fmt.Errorf("print the document: %w", err)
		}
		return nil
	}
	if err := replace(to, document); err != nil {
		return WrongPath(ctl.Failed, fmt.Errorf("write %s: %w", to, err))
	}
	a.Say("written to %s", to)
	return nil
}

func replace(path string, document []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".crs-*")
	if err != nil {
		return err
	}
	_, err = f.Write(document)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// CSV makes a document of rows. Names go through Cell first.
func CSV(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write the table: %w", err)
	}
	return b.Bytes(), nil
}

// Cell is a text that a spreadsheet takes for a text: what it would take for a formula begins with an apostrophe.
func Cell(text string) string {
	text = strings.ToValidUTF8(text, "?")
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first(strings.TrimLeft(text, " \u00a0"))) || strings.ContainsRune("\t\r\n", first(text)) {
		return "'" + text
	}
	return text
}

// first is the first letter; a letter that is nowhere else for a text without any.
func first(text string) rune {
	for _, r := range text {
		return r
	}
	return 0x10FFFF
}

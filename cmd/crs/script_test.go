package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"crs/ctl"
)

// patience is how long anything may take that a script waits for.
const patience = 20 * time.Second

// scriptCommands are what scripts can do besides testscript's own commands.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":      exits,
		"wait-ready": waitReady,
		"wait-for":   waitFor,
		"field":      field,
		"setenv":     setenv,
		"relay":      relay,
	}
}

// exits CODE PROGRAM ARGS… runs a program and wants this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	got := 0
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		got = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// wait-ready waits until crs status finds a daemon.
func waitReady(ts *testscript.TestScript, _ bool, _ []string) {
	poll(ts, "a daemon runs", func() bool { return ts.Exec("crs", "status") == nil })
}

// wait-for FILE REGEXP [VARIABLE] waits until a file has a match, and puts it into the variable.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	wanted := regexp.MustCompile("(?m)" + args[1])
	poll(ts, args[0]+" has "+args[1], func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		found := wanted.Find(text)
		if err != nil || found == nil {
			return false
		}
		if len(args) > 2 {
			ts.Setenv(args[2], string(found))
		}
		return true
	})
}

func poll(ts *testscript.TestScript, what string, ok func() bool) {
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("never saw that %s", what)
		}
	}
}

// field FILE PATH VALUE wants a value in a JSON document; the path is gjson's, and stdout and stderr are files.
func field(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: field FILE PATH VALUE")
	}
	if got := lookUp(ts, args[0], args[1]); (got == args[2]) == neg {
		ts.Fatalf("%s is %q", args[1], got)
	}
}

// setenv VARIABLE FILE PATH puts a value of a JSON document into a variable.
func setenv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], lookUp(ts, args[1], args[2]))
}

func lookUp(ts *testscript.TestScript, file, path string) string {
	text := ts.ReadFile(file)
	if !json.Valid([]byte(text)) {
		ts.Fatalf("%s is not JSON:\n%s", file, text)
	}
	return gjson.Get(text, path).String()
}

// relay STATUS KEY [MODEL] sends a prompt through the relay, as a client would, and wants this status. It waits until the
// request is written down. The answer is in the file answer.
func relay(ts *testscript.TestScript, _ bool, args []string) {
	model := "claude-opus-4-8"
	if len(args) > 2 {
		model = args[2]
	}
	client := ctl.NewClient(filepath.Join(ts.Getenv("CRS_DATA"), "crs.sock"))
	defer client.Close()
	s, err := client.Status(context.Background())
	ts.Check(err)
	status, body := send(ts, "http://"+s.Listen+"/api/v1/messages", args[1], model)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), body, 0o600))
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("the relay answered %d %s", status, body)
	}
	poll(ts, "nothing is in flight", func() bool {
		s, err := client.Status(context.Background())
		return err == nil && s.InFlight == 0 && s.LedgerOpen == 0
	})
}

func send(ts *testscript.TestScript, url, key, model string) (int, []byte) {
	prompt, err := json.Marshal(map[string]any{
		"model": model, "max_tokens": 64, "messages": []map[string]string{{"role": "user", "content": "ping"}},
	})
	ts.Check(err)
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(prompt))
	ts.Check(err)
	req.Header.Set("x-api-key", key)
	req.Header.Set("anthropic-version", "2023-06-01")
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.StatusCode, body
}

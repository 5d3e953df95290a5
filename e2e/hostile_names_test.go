//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// longNames: models of nine megabytes, in each protocol.
func longNames(a *attacker) {
	name := strings.Repeat("m", 9<<20)
	bodies := map[string][]byte{
		messagesPath:                     []byte(`{"model":"` + name + `","max_tokens":5,"messages":[]}`),
		chatPath:                         []byte(`{"model":"` + name + `","messages":[]}`),
		"/openai/v1/responses":           []byte(`{"model":"` + name + `","input":"hi"}`),
		"/gemini/v1internal:countTokens": []byte(`{"request":{"model":"` + name + `","contents":[]}}`),
	}
	a.swarm(4, func() {
		for path, body := range bodies {
			a.post(path, body)
		}
	})
}

// longWords: heads full of what may be a key, in some spelling. No two have the same key.
func longWords(a *attacker) {
	word, escapes := strings.Repeat("aZ09", 700), strings.Repeat("%2525", 400)
	a.swarm(40, func() {
		a.post(messagesPath+"?a="+escapes, []byte(question), "x-api-key", fmt.Sprint("cr_", a.number.Add(1)), "user-agent", word, "x-stainless-lang", strings.Repeat("y", 2000))
	})
}

// inventedModels: a new model, a new conversation and a new user agent with each request, 20,000 of them at most.
func inventedModels(a *attacker) {
	a.swarm(40, func() {
		i := a.number.Add(1)
		if i > 20_000 {
			<-a.life.Done()
			return
		}
		body := fmt.Sprintf(`{"model":"claude-sonnet-%d-%s","max_tokens":5,"messages":[{"role":"user","content":"hello %d"}]}`, i, strings.Repeat("x", 200), i)
		a.post(messagesPath, []byte(body), "x-claude-code-session-id", fmt.Sprint("session-", i), "user-agent", fmt.Sprint("agent-", i))
	})
}

// missingModels: models that the account's provider does not have, the account being the one that others use.
func missingModels(a *attacker) {
	a.swarm(40, func() {
		body := fmt.Sprintf(`{"model":"claude-sonnet-99-%d","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}`, a.number.Add(1)%1000)
		a.post(messagesPath, []byte(body))
		a.post(messagesPath+"/count_tokens", []byte(body))
	})
}

// missingDeployments: the same at Azure, whose paths name deployments.
func missingDeployments(a *attacker) {
	a.swarm(40, func() {
		a.post(fmt.Sprintf("/azure/openai/deployments/gpt-5.5-99-%d/chat/completions", a.number.Add(1)%1000), []byte(`{"messages":[{"role":"user","content":"hello"}]}`))
	})
}

// brokenUpstream: requests that their upstream fails at, on the account that others use.
func brokenUpstream(a *attacker) {
	a.swarm(40, func() {
		a.post(messagesPath, []byte(`{"model":"claude-sonnet-99","max_tokens":5,"messages":[{"role":"user","content":"hello"}]}`))
	})
}

// badKeys: thousands of keys that open nothing, from the address of the other key.
func badKeys(a *attacker) {
	a.swarm(40, func() {
		a.post(messagesPath, []byte(question), "x-api-key", fmt.Sprint("cr_", a.number.Add(1)), officeAddress[0], officeAddress[1])
	})
}

// officeAddress has requests come from one address, by the word of a trusted proxy.
var officeAddress = []string{"x-forwarded-for", "203.0.113.9"}

// refusing gives both keys the only account of a platform, whose provider refuses what names a model 99 with this answer.
func refusing(platform string, status int, kind, answer string, options ...string) func(r *relay) {
	return func(r *relay) {
		r.t.Helper()
		sim, err := url.Parse(r.sim)
		if err != nil {
			r.t.Fatal(err)
		}
		rest := httputil.NewSingleHostReverseProxy(sim)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			if !bytes.Contains(body, []byte("-99")) && !strings.Contains(req.URL.Path, "-99") {
				req.Body = io.NopCloser(bytes.NewReader(body))
				rest.ServeHTTP(w, req)
				return
			}
			w.Header().Set("content-type", "application/json")
			if kind != "" {
				w.Header().Set("x-amzn-errortype", kind)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, answer)
		}))
		r.t.Cleanup(srv.Close)
		file := filepath.Join(r.dir, "only.key")
		if err := os.WriteFile(file, []byte("sk-ant-only\n"), 0o600); err != nil {
			r.t.Fatal(err)
		}
		r.crs(append([]string{"account", "add", platform, "only", "--api-key-file", file, "--base-url", srv.URL}, options...)...)
		r.crs("key", "edit", "foe", "--account", "only")
		r.crs("key", "edit", "victim", "--account", "only")
	}
}

// kept tells how much is in the data directory, and how many rows the attack has made in the roll-ups.
func kept(r *relay) string {
	r.t.Helper()
	sizes := map[string]int64{}
	_ = filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			switch name := filepath.Base(path); {
			case strings.HasPrefix(name, "crs.db"):
				sizes["store"] += info.Size()
			case strings.HasSuffix(name, ".log") && name != "crs.log":
				sizes["ledger"] += info.Size()
			}
		}
		return nil
	})
	rows := strings.Count(r.crs("usage", "--by", "model", "--key", "foe", "-o", "json"), `"model"`)
	if rows > 110 {
		r.t.Errorf("the roll-ups have %d models of one key", rows)
	}
	return fmt.Sprintf("; store %d KB, ledger %d KB, %d models in the roll-ups", sizes["store"]>>10, sizes["ledger"]>>10, rows)
}

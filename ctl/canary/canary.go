// Package canary sends requests to a daemon the way that clients' requests come, and judges by what comes of them what lies
// between: does it drop header fields, refuse long requests, hold streams back, cut those that pause?
package canary

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crs/ctl"
)

// Options say where canaries are sent.
type Options struct {
	// URL is the address that clients have, with /api at its end or without.
	URL   string
	Token string
	// Silence is how long a stream is to pause; 0 leaves that out. It takes as long.
	Silence time.Duration
	// Beat is the time between two events of a stream; 0 is a quarter of a second.
	Beat time.Duration
	// Client sends the requests; nil is one that does as the system says.
	Client *http.Client
}

// Run sends them. It takes a few seconds, and Silence on top of that.
func Run(ctx context.Context, o Options) []ctl.Check {
	f, err := newProbes(&o)
	if err != nil {
		return []ctl.Check{{Name: "through", Subject: o.URL, State: ctl.Bad, Detail: err.Error(), Hint: "give the address that clients have, such as https://relay.example.com"}}
	}
	reached, ok := f.reach(ctx)
	if !ok {
		return []ctl.Check{reached}
	}
	silence := make(chan ctl.Check, 1)
	go func() { silence <- f.silence(ctx) }()
	return []ctl.Check{reached, f.encryption(), f.fields(ctx), f.length(ctx), f.buffering(ctx), <-silence}
}

// probes is what all canaries have in common.
type probes struct {
	*Options
	at *url.URL
}

func newProbes(o *Options) (*probes, error) {
	at, err := url.Parse(strings.TrimRight(o.URL, "/"))
	switch {
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Hostname() == "":
		return nil, fmt.Errorf("this is no http:// or https:// address")
	case at.User != nil || at.RawQuery != "" || at.Fragment != "":
		return nil, fmt.Errorf("this address has more in it than a host and a path")
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	o.Beat = cmp.Or(o.Beat, beat)
	at.Path += ctl.CanaryPath
	return &probes{o, at}, nil
}

// check begins one that is well until something is found.
func (f *probes) check(name string) ctl.Check {
	return ctl.Check{Name: name, Subject: f.URL, State: ctl.OK}
}

// underscored is a field that Codex says with which conversation it is, and without which every turn may go to another
// account.
const underscored = "session_id"

// send sends a canary; the caller closes the answer. Where several daemons share an address, it is sent until it comes to the one
// that knows its token.
func (f *probes) send(ctx context.Context, query string, body []byte) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := f.sendOnce(ctx, query, body)
		if err != nil || resp.StatusCode != http.StatusUnauthorized || try == mostTries {
			return resp, err
		}
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		_ = resp.Body.Close()
		if !stranger(string(text)) {
			resp.Body = io.NopCloser(bytes.NewReader(text))
			return resp, nil
		}
		f.Client.CloseIdleConnections()
	}
}

// mostTries is how many daemons may share an address, if each gets its turn.
const mostTries = 16

// stranger reports whether a refusal is that of a daemon that does not know the token.
func stranger(text string) bool { return strings.Contains(text, "crs doctor") }

// sendOnce sends a canary. As clients do, it offers to take answers that are compressed: what compresses a stream holds it back.
func (f *probes) sendOnce(ctx context.Context, query string, body []byte) (*http.Response, error) {
	at := *f.at
	at.RawQuery = query
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Api-Key", f.Token)
	req.Header.Set("Content-Type", "application/json")
	req.Header[underscored] = []string{"canary"}
	return f.Client.Do(req)
}

// arrived is what a daemon says of a canary.
type arrived struct {
	Canary      bool     `json:"canary"`
	Body        int      `json:"body_bytes"`
	Underscored []string `json:"underscored"`
}

// refused is an answer that is not a daemon's to a canary.
type refused struct {
	status int
	text   string
}

// Error implements error.
func (r *refused) Error() string {
	if r.text == "" {
		return fmt.Sprintf("the answer is %d", r.status)
	}
	return fmt.Sprintf("the answer is %d: %s", r.status, r.text)
}

// ask sends a canary that is answered in one piece.
func (f *probes) ask(ctx context.Context, query string, body []byte) (a arrived, err error) {
	resp, err := f.send(ctx, query, body)
	if err != nil {
		return a, plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode != http.StatusOK {
		return a, &refused{resp.StatusCode, excerpt(text)}
	}
	if err != nil {
		return a, plain(err)
	}
	if json.Unmarshal(text, &a) != nil || !a.Canary {
		return a, &refused{resp.StatusCode, excerpt(text)}
	}
	return a, nil
}

// plain takes the address off, which is told beside it.
func plain(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// excerpt is the message in an error's JSON, or the beginning of a text.
func excerpt(text []byte) string {
	var body struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &body) == nil && body.Error.Message != "" {
		return body.Error.Message
	}
	words := strings.Join(strings.Fields(string(text)), " ")
	return words[:min(len(words), 120)]
}

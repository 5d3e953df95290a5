package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"crs/ctl"
	"crs/internal/pricing"
)

const fetchTime = time.Minute

// source is a table as it was fetched.
type source struct {
	from string // without what may be secret
	doc  []byte
	asOf pricing.Day // as the source says, if it does
}

// fetch reads what is at a URL. Its errors do not show what follows the path, which may be a secret.
func fetch(ctx context.Context, text string) (found source, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return found, ctl.Errorf(ctl.BadRequest, "what the table is to be read from is not an http or https URL without a password")
	}
	found.from = u.Scheme + "://" + u.Host + u.EscapedPath()
	ctx, stop := context.WithTimeout(ctx, fetchTime)
	defer stop()
	doc, modified, err := get(ctx, text, tableMax)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return found, ctl.Errorf(ctl.Failed, "read %s: %s", found.from, err).WithHint("nothing was changed; a table can also be read from a file: --from FILE")
	}
	found.doc, found.asOf = doc, modified
	if modified == 0 {
		found.asOf = committed(ctx, u)
	}
	return found, nil
}

// get reads what is at a URL, and the day that it was changed, if the answer tells.
func get(ctx context.Context, url string, most int) (doc []byte, modified pricing.Day, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("it answered %s", resp.Status)
	}
	doc, err = io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	if err == nil && len(doc) > most {
		err = errTableTooLarge
	}
	if at, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		modified = pricing.DayOf(at)
	}
	return doc, modified, err
}

// committed is the day of the last commit of a file that GitHub serves raw, which does not say of when it is; 0 when that cannot be
// found out.
func committed(ctx context.Context, u *url.URL) pricing.Day {
	commits := commitsOf(u)
	if commits == "" {
		return 0
	}
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	doc, _, err := get(ctx, commits, 1<<20)
	if err != nil {
		return 0
	}
	return committedOn(doc)
}

// commitsOf is where GitHub lists the last commit of a raw file; "" for what is none.
func commitsOf(u *url.URL) string {
	part := strings.SplitN(strings.TrimPrefix(u.Path, "/"), "/", 4) // owner, repository, branch, path
	if u.Host != "raw.githubusercontent.com" || len(part) < 4 {
		return ""
	}
	query := url.Values{"path": {part[3]}, "sha": {part[2]}, "per_page": {"1"}}
	return "https://api.github.com/repos/" + url.PathEscape(part[0]) + "/" + url.PathEscape(part[1]) + "/commits?" + query.Encode()
}

// committedOn reads GitHub's list of commits.
func committedOn(doc []byte) pricing.Day {
	var commits []struct {
		Commit struct {
			Committer struct {
				Date time.Time `json:"date"`
			} `json:"committer"`
		} `json:"commit"`
	}
	if json.Unmarshal(doc, &commits) != nil || len(commits) == 0 || commits[0].Commit.Committer.Date.IsZero() {
		return 0
	}
	return pricing.DayOf(commits[0].Commit.Committer.Date)
}

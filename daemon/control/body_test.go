package control

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"crs/ctl"
	"crs/daemon/admin"
)

// clocked is an answer whose times can be looked at.
type clocked struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (c *clocked) SetReadDeadline(at time.Time) error  { c.read = append(c.read, at); return nil }
func (c *clocked) SetWriteDeadline(at time.Time) error { c.write = append(c.write, at); return nil }

// TestNoCallerKeepsAConnectionForEver by not sending its body or not taking its answer.
func TestNoCallerKeepsAConnectionForEver(t *testing.T) {
	t.Parallel()
	h := NewHandler(Options{Log: slog.New(slog.DiscardHandler)})
	var while []time.Time
	w := &clocked{ResponseRecorder: httptest.NewRecorder()}
	h.mux.HandleFunc("/x", h.guard(route{method: post, path: "/x", serve: func(r *http.Request) (any, error) {
		in, err := readUpTo[int](r, bodyMost)
		while = w.read
		return in, err
	}}))
	began := time.Now()
	h.ServeHTTP(w, httptest.NewRequest(post, "/x", strings.NewReader("7")))
	if len(w.read) == 0 || w.read[0].Before(began) || w.read[0].After(time.Now().Add(readPatience)) {
		t.Errorf("its body may take until %v", w.read)
	}
	if len(while) < 2 || !while[len(while)-1].IsZero() {
		t.Errorf("behind its body, it is cut at %v", while)
	}
	if len(w.write) == 0 || w.write[0].Before(began) {
		t.Errorf("its answer may be taken until %v", w.write)
	}
}

// TestARefusalReachesACallerThatSendsOn, and reads only when it has sent all: there is an answer, and no broken connection.
func TestARefusalReachesACallerThatSendsOn(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	for name, call := range map[string]struct {
		path   string
		bytes  int
		origin string
		status int
		says   string
	}{
		"too large":         {"/put", bodyMost + 1, "", http.StatusBadRequest, "more than 4 MiB"},
		"far too large":     {"/put", 40 << 20, "", http.StatusBadRequest, "more than 4 MiB"},
		"no JSON":           {"/put", 3 << 20, "", http.StatusBadRequest, "malformed request"},
		"refused unread":    {"/deaf", 17 << 20, "", http.StatusConflict, "not now"},
		"from a web page":   {"/deaf", 17 << 20, "http://a", http.StatusForbidden, "not for web pages"},
		"of another daemon": {"/none", 17 << 20, "", http.StatusNotFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn := c.dial("")
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: crs\r\nContent-Length: %d\r\n", call.path, call.bytes)
			if call.origin != "" {
				head += "Origin: " + call.origin + "\r\n"
			}
			sent := net.Buffers{[]byte(head + "\r\n"), bytes.Repeat([]byte("x"), call.bytes)}
			if _, err := sent.WriteTo(conn); err != nil {
				t.Fatal(err)
			}
			status, said := c.answer(conn)
			if status != call.status || call.says != "" && (said == nil || !strings.Contains(said.Message, call.says)) {
				t.Errorf("%d %+v", status, said)
			}
		})
	}
}

// TestABodyThatDoesNotComeIsSaidToBeLate.
func TestABodyThatDoesNotComeIsSaidToBeLate(t *testing.T) {
	t.Parallel()
	late := fmt.Errorf("read unix: %w", os.ErrDeadlineExceeded)
	if e := admin.ErrorOf(unreadable(late)); e.Code != ctl.Failed || !strings.Contains(e.Message, "did not come within") || e.Hint == "" {
		t.Errorf("%+v", e)
	}
}

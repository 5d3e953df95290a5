package control

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crs/ctl"
	"crs/daemon/admin"
	"crs/internal/audit"
)

// notes are a book for entries.
type notes struct{ all []audit.Entry }

func (n *notes) Record(e audit.Entry) { n.all = append(n.all, e) }

func (*notes) Find(context.Context, audit.Query) ([]audit.Row, error) { return nil, nil }

// TestEveryRouteSaysWhetherItChangesSomething, and looks only when it says so by its method.
func TestEveryRouteSaysWhetherItChangesSomething(t *testing.T) {
	t.Parallel()
	for _, r := range new(Handler).routes() {
		switch changes := r.does != ""; {
		case r.method == get && (changes || r.asks):
			t.Errorf("%s %s changes something, or says in vain that it does not", r.method, r.path)
		case r.method != get && changes == r.asks:
			t.Errorf("%s %s does not say what it changes, nor that it only asks", r.method, r.path)
		}
	}
}

// TestWhoMayNotIsWrittenDown for every route that changes something, and for no other.
func TestWhoMayNotIsWrittenDown(t *testing.T) {
	t.Parallel()
	book := new(notes)
	h := NewHandler(Options{Operations: admin.New(admin.Options{Audit: book}), Log: slog.New(slog.DiscardHandler)})
	stranger := context.WithValue(t.Context(), peerKey{}, peer{uid: 65534, known: true})
	for _, r := range h.routes() {
		book.all = nil
		path := "/" + ctl.Version + strings.NewReplacer("{ref}", "alice", "{account}", "a").Replace(r.path)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(r.method, path, nil).WithContext(stranger))
		if w.Code != http.StatusForbidden {
			t.Errorf("%s %s: %d", r.method, r.path, w.Code)
		}
		if r.does == "" {
			if len(book.all) > 0 {
				t.Errorf("%s %s: %+v", r.method, r.path, book.all)
			}
			continue
		}
		if len(book.all) != 1 {
			t.Errorf("%s %s: %+v", r.method, r.path, book.all)
			continue
		}
		e, name := book.all[0], ""
		if strings.Contains(r.path, "{ref}") {
			name = "alice"
		}
		noun, _, _ := strings.Cut(string(r.does), ".")
		if e.Action != string(r.does) || e.Outcome != audit.Refused || e.Actor.Kind != audit.User || e.Actor.ID != "65534" || e.Subject != (audit.Subject{Kind: noun, Name: name}) {
			t.Errorf("%s %s: %+v", r.method, r.path, e)
		}
	}
}

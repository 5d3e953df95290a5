package control

import (
	"context"
	"iter"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"regexp"
	"sync"
	"testing"

	"crs/ctl"
)

// TestEveryCallHasARouteAndEveryRouteACall calls every method of the client against a server that only takes notes.
func TestEveryCallHasARouteAndEveryRouteACall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	called := map[string]bool{}
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		called[r.Method+" "+r.URL.Path] = true
		mu.Unlock()
		http.Error(w, "noted", http.StatusTeapot)
	})}
	go func() { _ = srv.Serve(ln) }()
	defer func() { _ = srv.Close() }()
	client := ctl.NewClient(path)
	defer client.Close()
	callEverything(t, client)

	h := &Handler{}
	known := map[string]bool{}
	for _, r := range h.routes() {
		pattern := "^" + r.method + " /" + ctl.Version + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(r.path, "[^/]+") + "$"
		found := false
		for c := range called {
			if regexp.MustCompile(pattern).MatchString(c) {
				found, known[c] = true, true
			}
		}
		if !found {
			t.Errorf("no call of the client leads to %s %s", r.method, r.path)
		}
		if (r.serve == nil) == (r.stream == nil) || r.needs == none {
			t.Errorf("%s %s is not set up: %+v", r.method, r.path, r)
		}
	}
	for c := range called {
		if !known[c] {
			t.Errorf("the client calls %s, which no route serves", c)
		}
	}
}

func callEverything(t *testing.T, client *ctl.Client) {
	t.Helper()
	v := reflect.ValueOf(client)
	for i := range v.NumMethod() {
		m := v.Type().Method(i)
		if m.Type.NumIn() < 2 || m.Type.In(1) != reflect.TypeFor[context.Context]() {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for j := 2; j < m.Type.NumIn(); j++ {
			arg := reflect.New(m.Type.In(j)).Elem()
			if arg.Kind() == reflect.String {
				arg.SetString("some name")
			}
			args = append(args, arg)
		}
		out := v.Method(i).Call(args)
		switch seq := out[0].Interface().(type) {
		case iter.Seq2[ctl.Request, error]:
			for range seq {
			}
		case iter.Seq2[ctl.AuditEntry, error]:
			for range seq {
			}
		case iter.Seq2[*ctl.Update, error]:
			for range seq {
			}
		}
	}
}

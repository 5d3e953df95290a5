package document_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"crs/internal/document"
	"crs/internal/store"
)

// note is a document.
type note struct {
	ID, Name, Text string
	Version        int64 `json:"-"`
}

// board is a store that takes every write.
type board struct{ docs []store.Doc }

func (*board) Put(_ context.Context, d store.Doc) (int64, error)      { return d.Version + 1, nil }
func (*board) Delete(context.Context, store.Kind, string) error       { return nil }
func (b *board) All(context.Context, store.Kind) ([]store.Doc, error) { return b.docs, nil }

func stored(id, name, text string, version int64) store.Doc {
	return store.Doc{Kind: store.Setting, ID: id, Name: name, Version: version, Body: fmt.Appendf(nil, `{"ID":%q,"Name":%q,"Text":%q}`, id, name, text)}
}

// undone are the ids of documents whose later version the store has lost.
func notes(t *testing.T, undone *[]string, docs ...store.Doc) *document.Cache[note] {
	t.Helper()
	c, err := document.Load(t.Context(), &board{docs}, document.Kind[note]{
		Name: store.Setting,
		Head: func(n *note) document.Head {
			return document.Head{ID: n.ID, Name: n.Name, Version: &n.Version, Sum: document.Sum{n.Text[0]}}
		},
		Change: func(old, fresh *note) *note {
			if old != nil && fresh != nil && old.Version > fresh.Version {
				*undone = append(*undone, old.ID)
			}
			return fresh
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func shows(t *testing.T, c *document.Cache[note], want string) {
	t.Helper()
	got := ""
	for _, n := range c.All() {
		got += fmt.Sprintf("%s=%s@%d ", n.Name, n.Text, n.Version)
	}
	if got != want {
		t.Errorf("there is %q, want %q", got, want)
	}
}

func TestNews(t *testing.T) {
	t.Parallel()
	damaged := store.Doc{Kind: store.Setting, ID: "b", Version: 9, Body: []byte("{")}
	for _, c := range []struct {
		name         string
		news         store.ChangeSet
		want, undone string
		fails        bool
	}{
		{"a later version", store.ChangeSet{Docs: []store.Doc{stored("b", "two", "new", 6)}}, "one=x@1 two=new@6 ", "[]", false},
		{"what is known", store.ChangeSet{Docs: []store.Doc{stored("b", "two", "old", 4)}}, "one=x@1 two=y@5 ", "[]", false},
		{"one gone and one that came", store.ChangeSet{Docs: []store.Doc{stored("c", "one", "z", 1)}, Gone: []store.Doc{{Kind: store.Setting, ID: "a"}}}, "one=z@1 two=y@5 ", "[]", false},
		{"of another kind", store.ChangeSet{Docs: []store.Doc{{Kind: store.Key, ID: "b", Version: 9}}}, "one=x@1 two=y@5 ", "[]", false},
		{"damaged", store.ChangeSet{Docs: []store.Doc{damaged}}, "one=x@1 two=y@5 ", "[]", true},
		{"all there is, of a store that lost a write", store.ChangeSet{Whole: true, Docs: []store.Doc{stored("b", "two", "old", 4)}}, "two=old@4 ", "[b]", false},
		{"all there is, one damaged", store.ChangeSet{Whole: true, Docs: []store.Doc{damaged, stored("c", "three", "z", 1)}}, "three=z@1 two=y@5 ", "[]", true},
	} {
		undone := []string{}
		all := notes(t, &undone, stored("a", "one", "x", 1), stored("b", "two", "y", 5))
		if err := all.Apply(c.news); errors.Is(err, store.ErrDamaged) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
		shows(t, all, c.want)
		if fmt.Sprint(undone) != c.undone {
			t.Errorf("%s: undone are %v", c.name, undone)
		}
	}
}

func TestADocumentIsFoundByWhatItIsNow(t *testing.T) {
	t.Parallel()
	all := notes(t, nil, stored("a", "one", "x", 1))
	n := *all.Get("one")
	n.Text = "y"
	if _, err := all.Save(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if all.Find(document.Sum{'x'}) != nil || all.Find(document.Sum{'y'}).Version != 2 || all.Get("a").Text != "y" {
		t.Errorf("found %+v", all.All())
	}
	if err := all.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if all.Find(document.Sum{'y'}) != nil || all.Get("a") != nil || all.Get("one") != nil {
		t.Error("found what is deleted")
	}
	if _, err := all.Create(t.Context(), note{ID: "b", Name: "one", Text: "z"}); err != nil {
		t.Fatal(err)
	}
	var taken *store.Taken
	if _, err := all.Create(t.Context(), note{ID: "c", Name: "one", Text: "z"}); !errors.As(err, &taken) || taken.ID != "b" {
		t.Errorf("made a second one: %v", err)
	}
}

package key

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"

	"crs/internal/store"
)

// issued makes the documents of n keys, some of which have every list there is.
func issued(t *testing.T, n int) []store.Doc {
	t.Helper()
	docs := make([]store.Doc, n)
	for i := range docs {
		k := Key{ID: fmt.Sprintf("key_%d", i), Name: fmt.Sprintf("name %d", i), Hint: "cr_abcd", Digest: Digest{byte(i), byte(i >> 8), byte(i >> 16), 1}}
		if i%3 == 0 {
			k.Tags = []string{"team", fmt.Sprint(i)}
			k.Policy = Policy{AllowModels: []string{"a*"}, DenyModels: []string{"b", "c"}, Clients: []string{"claude-code"}, Permissions: []string{"claude"}, Account: "acc_1", Group: "grp"}
		}
		body, err := json.Marshal(&k)
		if err != nil {
			t.Fatal(err)
		}
		docs[i] = store.Doc{Kind: store.Key, ID: k.ID, Name: k.Name, Version: int64(i + 1), Body: body}
	}
	return docs
}

// stored is a store that has some keys.
type stored struct {
	store.Documents
	docs []store.Doc
}

func (s stored) All(context.Context, store.Kind) ([]store.Doc, error) { return s.docs, nil }

func loaded(t *testing.T, docs []store.Doc) *Ring {
	t.Helper()
	r, err := Load(t.Context(), stored{docs: docs}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPackedKeysAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	docs := issued(t, 519)
	r := loaded(t, docs)
	for i, d := range docs {
		want, err := decode(d)
		if err != nil {
			t.Fatal(err)
		}
		want.Version = d.Version
		if got, err := r.Get(d.ID); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("key %d is %+v, want %+v (%v)", i, got, want, err)
		}
	}
}

func TestToAppendToAPackedListLeavesItsNeighboursAlone(t *testing.T) {
	t.Parallel()
	keys := loaded(t, issued(t, 2)).List()
	k := *keys[0]
	_ = append(k.Tags, "more")
	_ = append(k.Policy.AllowModels, "more")
	want := loaded(t, issued(t, 2)).List()
	if !reflect.DeepEqual(keys, want) {
		t.Errorf("%+v became %+v", want[0], keys[0])
	}
}

// It bounds what the garbage collector must look at, of which each request pays its share.
func TestManyKeysAreFewObjects(t *testing.T) {
	docs := issued(t, 10_240)
	objects := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapObjects
	}
	before := objects()
	r := loaded(t, docs)
	if made := int64(objects()) - int64(before); made > int64(len(docs)/20) {
		t.Errorf("%d keys are %d objects", len(docs), made)
	}
	runtime.KeepAlive(docs)
	runtime.KeepAlive(r)
}

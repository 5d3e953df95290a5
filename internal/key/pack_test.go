package key

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"testing"

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

func TestPackedKeysAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	docs := issued(t, 2*together+7)
	keys, errs := decodeAll(docs)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for i, d := range docs {
		want, err := decode(d)
		if err != nil || !reflect.DeepEqual(keys[i], want) {
			t.Fatalf("key %d is %+v, want %+v (%v)", i, keys[i], want, err)
		}
	}
}

func TestToAppendToAPackedListLeavesItsNeighboursAlone(t *testing.T) {
	t.Parallel()
	keys, _ := decodeAll(issued(t, 2))
	k := *keys[0]
	_ = append(k.Tags, "more")
	_ = append(k.Policy.AllowModels, "more")
	want, _ := decodeAll(issued(t, 2))
	if !reflect.DeepEqual(keys, want) {
		t.Errorf("%+v became %+v", want[0], keys[0])
	}
}

// It bounds what the garbage collector must look at, of which each request pays its share.
func TestManyKeysAreFewObjects(t *testing.T) {
	docs := issued(t, 40*together)
	objects := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapObjects
	}
	before := objects()
	keys, _ := decodeAll(docs)
	if made := int64(objects()) - int64(before); made > int64(len(keys)/20) {
		t.Errorf("%d keys are %d objects", len(keys), made)
	}
	runtime.KeepAlive(docs)
	runtime.KeepAlive(keys)
}

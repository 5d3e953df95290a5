package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crs/internal/audit"
	"crs/internal/store"
)

// all that was ever written is kept by these.
var everything = audit.Limits{Bytes: 1 << 30}

func entry(n int) audit.Entry {
	return audit.Entry{
		ID: fmt.Sprintf("aud_%04d", n), Time: noon.Add(time.Duration(n) * time.Minute), Actor: audit.Actor{Kind: audit.User, ID: "1000", Name: "Zoë"},
		Action: "key.edit", Outcome: audit.Done, Subject: audit.Subject{Kind: "key", ID: "key_1", Name: "alice"},
		Changes: []audit.Change{{Field: "limits.rpm", Before: "5", After: fmt.Sprint(n)}, {Field: "tags", Before: "", After: "<a>, \"b\"\n"}},
	}
}

func appendAudit(t *testing.T, s store.Store, keep audit.Limits, entries ...audit.Entry) {
	t.Helper()
	if err := s.AppendAudit(t.Context(), entries, keep); err != nil {
		t.Fatal(err)
	}
}

func auditOf(t *testing.T, s store.Store, q audit.Query) (ids []string, rows []audit.Row) {
	t.Helper()
	rows, err := s.Audit(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		ids = append(ids, r.ID)
		if i > 0 && r.Place <= rows[i-1].Place {
			t.Errorf("%s has place %d, behind %d", r.ID, r.Place, rows[i-1].Place)
		}
	}
	return ids, rows
}

func auditIsRead(t *testing.T, open Opener) {
	s := open(t)
	if ids, _ := auditOf(t, s, audit.Query{}); ids != nil {
		t.Errorf("of nothing: %v", ids)
	}
	appendAudit(t, s, everything, entry(1), entry(2))
	appendAudit(t, s, everything, entry(4))
	appendAudit(t, s, everything, entry(3)) // of a node whose clock is behind
	_ = s.Close()
	s = opened(t, open)
	_, rows := auditOf(t, s, audit.Query{})
	for i, n := range []int{1, 2, 4, 3} {
		if i >= len(rows) || !reflect.DeepEqual(rows[i].Entry, entry(n)) {
			t.Fatalf("number %d of %+v", i, rows)
		}
	}
	for name, c := range map[string]struct {
		q    audit.Query
		want string
	}{
		"the newest":          {audit.Query{Limit: 2}, "aud_0004 aud_0003"},
		"since":               {audit.Query{Since: noon.Add(3 * time.Minute)}, "aud_0004 aud_0003"},
		"the newest since":    {audit.Query{Since: noon.Add(2 * time.Minute), Limit: 1}, "aud_0003"},
		"behind a place":      {audit.Query{After: rows[1].Place}, "aud_0004 aud_0003"},
		"the first behind it": {audit.Query{After: rows[0].Place, Limit: 1}, "aud_0002"},
		"behind the last":     {audit.Query{After: rows[3].Place}, ""},
	} {
		if ids, _ := auditOf(t, s, c.q); strings.Join(ids, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, ids, c.want)
		}
	}
}

func auditCountsOnce(t *testing.T, open Opener) {
	s := opened(t, open)
	for range 2 {
		appendAudit(t, s, everything, entry(1), entry(2))
	}
	appendAudit(t, s, everything, entry(2), entry(3))
	if ids, _ := auditOf(t, s, audit.Query{}); !slices.Equal(ids, []string{"aud_0001", "aud_0002", "aud_0003"}) {
		t.Errorf("%v", ids)
	}
}

func auditIsForgotten(t *testing.T, open Opener) {
	s := opened(t, open)
	appendAudit(t, s, everything, entry(1), entry(2), entry(3))
	appendAudit(t, s, audit.Limits{Since: noon.Add(2 * time.Minute), Bytes: 1 << 30})
	if ids, _ := auditOf(t, s, audit.Query{}); !slices.Equal(ids, []string{"aud_0002", "aud_0003"}) {
		t.Errorf("%v", ids)
	}
	appendAudit(t, s, audit.Limits{Since: noon.Add(time.Hour), Bytes: 1 << 30}, entry(59), entry(60))
	if ids, _ := auditOf(t, s, audit.Query{}); !slices.Equal(ids, []string{"aud_0060"}) {
		t.Errorf("%v", ids)
	}
}

func auditHasASize(t *testing.T, open Opener) {
	s := opened(t, open)
	body, _ := json.Marshal(entry(1000))
	keep := audit.Limits{Bytes: int64(10*len(body) + 300)} // there may be a few bytes beside each
	for n := range 500 {
		appendAudit(t, s, keep, entry(1000+n))
	}
	ids, _ := auditOf(t, s, audit.Query{})
	if len(ids) != 10 && len(ids) != 9 || ids[len(ids)-1] != "aud_1499" {
		t.Errorf("%d are kept: %v", len(ids), ids)
	}
	appendAudit(t, s, audit.Limits{})
	if ids, _ := auditOf(t, s, audit.Query{}); len(ids) != 0 {
		t.Errorf("of no bytes at all %v are kept", ids)
	}
	appendAudit(t, s, keep, entry(1))
	if ids, _ := auditOf(t, s, audit.Query{}); len(ids) != 1 {
		t.Errorf("afterwards: %v", ids)
	}
}

func auditRaces(t *testing.T, open Opener) {
	s := opened(t, open)
	const nodes, each = 4, 20
	var wg sync.WaitGroup
	for node := range nodes {
		wg.Go(func() {
			for i := range each {
				if err := s.AppendAudit(t.Context(), []audit.Entry{entry(node*100 + i)}, everything); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	ids, _ := auditOf(t, s, audit.Query{Limit: 1000})
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) != nodes*each {
		t.Errorf("%d entries are there", len(ids))
	}
}

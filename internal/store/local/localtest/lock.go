// Package localtest does to a local store what another process might.
package localtest

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// Lock takes the lock of the store in dir, as another process that writes would, until release.
func Lock(t testing.TB, dir string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "crs.db")+"?mode=rw&_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		_, err := db.Exec("ROLLBACK")
		if err == nil {
			err = db.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
}

package local

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring a store from each schema version to the next. They are never edited once released, and none may look
// at every row of a large table: a start must not take minutes.
func migrations() []string {
	return []string{`
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE doc (
	kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE mark (node TEXT PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE usage_hour (
	hour INTEGER NOT NULL, day TEXT NOT NULL, key TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
	requests INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL,
	cache_write INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, reasoning INTEGER NOT NULL,
	cost INTEGER NOT NULL, charged INTEGER NOT NULL,
	PRIMARY KEY (hour, day, key, account, model)
) WITHOUT ROWID;
CREATE TABLE usage_day (
	day TEXT NOT NULL, key TEXT NOT NULL, account TEXT NOT NULL, model TEXT NOT NULL,
	requests INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL,
	cache_write INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, reasoning INTEGER NOT NULL,
	cost INTEGER NOT NULL, charged INTEGER NOT NULL,
	PRIMARY KEY (day, key, account, model)
) WITHOUT ROWID;
CREATE TABLE charged (key TEXT PRIMARY KEY, total INTEGER NOT NULL) WITHOUT ROWID;
`, `
ALTER TABLE doc ADD COLUMN name TEXT NOT NULL DEFAULT '';
UPDATE doc SET name = COALESCE(json_extract(CAST(body AS TEXT), '$.name'), '')
	WHERE kind IN ('key', 'account', 'group') AND json_valid(CAST(body AS TEXT));
CREATE UNIQUE INDEX doc_name ON doc (kind, name) WHERE name <> '';
`, `
CREATE TABLE used (
	at TEXT NOT NULL, key TEXT NOT NULL, unit TEXT NOT NULL, n INTEGER NOT NULL,
	PRIMARY KEY (at, key, unit)
) WITHOUT ROWID;
`, `
CREATE TABLE audit (
	place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE TABLE audit_size (bytes INTEGER NOT NULL);
INSERT INTO audit_size VALUES (0);
`}
}

// Schema is the newest schema of a store that this crs knows.
func Schema() int { return len(migrations()) }

func (s *Store) migrate(ctx context.Context, path string, steps []string, before BeforeMigration) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("read the version of the store %s: %w", path, plain(err))
	}
	if version > len(steps) {
		return fmt.Errorf("the store %s was written by a newer crs (schema %d, this one knows %d); it was not touched; run that crs, or a newer one",
			path, version, len(steps))
	}
	if 0 < version && version < len(steps) && before != nil {
		if err := before(ctx, version, len(steps)); err != nil {
			return fmt.Errorf("back up the store %s before it is brought from schema %d to %d: %w", path, version, len(steps), err)
		}
	}
	for ; version < len(steps); version++ {
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			if err := exec(ctx, tx, steps[version]); err != nil {
				return err
			}
			return exec(ctx, tx, fmt.Sprintf("PRAGMA user_version = %d", version+1))
		})
		if err != nil {
			return fmt.Errorf("bring the store %s from schema %d to %d: %w", path, version, version+1, err)
		}
	}
	return nil
}

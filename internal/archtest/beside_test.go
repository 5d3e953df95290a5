package archtest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNothingIsBesideTheRepository: a plain clone is enough for everything, on any machine.
func TestNothingIsBesideTheRepository(t *testing.T) {
	t.Parallel()
	// A name of one letter is what a test of paths made up.
	upwards := regexp.MustCompile(`(?:\.\./)+[\w.-]{2,}`)
	for name, text := range texts(t) {
		for _, found := range upwards.FindAllString(text, -1) {
			to := path.Join(path.Dir(name), found)
			if strings.HasPrefix(to, "../") {
				t.Errorf("%s names %s, which is outside of the repository", name, found)
			} else if script := !strings.HasSuffix(name, ".go"); script && !anyExists(to) {
				t.Errorf("%s names %s, which is not in the repository", name, found)
			}
		}
	}
}

// texts gives every file of the project that is a text, but for what was built and what tests read.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "bin" || d.Name() == "dist" || d.Name() == "testdata"):
			return filepath.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(name)
		if err == nil && utf8.Valid(b) {
			all[strings.TrimPrefix(filepath.ToSlash(name), "../../")] = string(b)
		}
		return err
	})
	if err != nil || len(all) < 300 {
		t.Fatalf("only %d files were found: %v", len(all), err)
	}
	return all
}

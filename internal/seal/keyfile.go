package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"crs/internal/durable"
	"crs/internal/rescue"
)

// KeyFile is the name of the key file in its directory. It holds one line of 64 hexadecimal digits.
const KeyFile = "seal.key"

const keySize = 32

// Options say what Open may do.
type Options struct {
	// MustExist makes a missing key file an error. Set it when the store is not empty.
	MustExist bool
}

// Open reads the key file in dir, or makes it when there is none. dir must exist. A key file that is there is never
// written to; when several processes open at once, all get the key of the one that was first.
func Open(dir string, opts Options) (*Seal, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if opts.MustExist {
			return nil, missing(path)
		}
		key, err = createKey(path)
	}
	if err != nil {
		return nil, err
	}
	return newSeal(key, path)
}

func missing(path string) error {
	return fmt.Errorf("key file %s is missing, and the store holds secrets that no other key opens; crs will not make another key; %s", path, wayBack(path))
}

// wayBack is how the right key comes into its place again.
func wayBack(path string) string {
	if saved := rescue.Newest(path); saved != "" {
		return fmt.Sprintf("the daemon that noticed saved the key that it had: mv %s %s", quote(saved), quote(path))
	}
	return "restore the file from a backup: that is the only way"
}

// createKey makes a key and gives it to path, unless another process was first; then it gives that one's.
func createKey(path string) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key)
	err := publish(path, encode(key))
	if errors.Is(err, fs.ErrExist) {
		return readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("create key file %s: %w", path, err)
	}
	return key, nil
}

// publish makes path with content, all at once and durably. It is written beside it first, because a crash must not
// leave half a key that then counts as the key, and linked, because unlike renaming that cannot replace a file.
func publish(path string, content []byte) error {
	dir := filepath.Dir(path)
	draft, err := os.CreateTemp(dir, filepath.Base(path)+".*") // exclusive, mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.Write(content)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil {
		return err
	}
	return durable.Dir(dir)
}

// readKey gives the key in a file that only its owner can use.
func readKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := checkMode(file, path); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024)) // more than a key file may hold
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return decode(text, path)
}

// decode leaves out the decoder's own error, which would quote the key.
func decode(text []byte, path string) ([]byte, error) {
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("key file %s does not hold a key, which is %d hexadecimal digits; %s", path, 2*keySize, wayBack(path))
	}
	return key, nil
}

func encode(key []byte) []byte { return []byte(hex.EncodeToString(key) + "\n") }

func checkMode(file *os.File, path string) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("key file %s is not a regular file", path)
	}
	// Windows has no such bits.
	if open := info.Mode().Perm() &^ 0o600; open != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("key file %s may be used by others than its owner (mode %#o); run: chmod 600 %s",
			path, info.Mode().Perm(), quote(path))
	}
	return nil
}

// quote makes path one word of a shell.
func quote(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

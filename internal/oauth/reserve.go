package oauth

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"crs/internal/account"
	"crs/internal/errs"
)

// ReserveFile stands in the data directory, and holds token pairs that the store has not taken yet.
const ReserveFile = "tokens.reserve"

const (
	slotSize  = 16 << 10 // a pair takes some kilobytes
	slotCount = 64
)

// Reserve is a file whose space was taken beforehand, so that a pair can be written when there is none left: each into a slot of
// its own, in place. A slot that is still needed is never written to; one that was torn is none. A Reserve is safe for concurrent use.
type Reserve struct {
	path string
	seal account.Sealer

	mu    sync.Mutex // guards the fields below, and the file
	file  *os.File   // nil until it could be made
	slots [slotCount]slot
	// mended is what was found wrong and made good, and not told yet.
	mended error
}

// slot is what is in one: nothing when it is free.
type slot struct {
	account    string
	text       string // the pair, sealed
	unreadable bool   // it holds what another key opens, or a later crs
}

// OpenReserve opens the reserve of a data directory, or makes it, and gives what is in it. It can be used whatever error it gives:
// what is not there is made when it is needed.
func OpenReserve(dir string, seal account.Sealer) (*Reserve, []Pair, error) {
	r := &Reserve{path: filepath.Join(dir, ReserveFile), seal: seal}
	pairs, err := r.Read()
	return r, pairs, err
}

// Read gives what is in the file, which another process may have written to.
func (r *Reserve) Read() ([]Pair, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, err := r.mend()
	if err != nil {
		return nil, err
	}
	pairs, err := r.readAll()
	return pairs, errors.Join(found, err)
}

// readAll reads every slot.
func (r *Reserve) readAll() ([]Pair, error) {
	var pairs []Pair
	var errs []error
	for i := range r.slots {
		p, text, err := r.read(i)
		switch {
		case err != nil:
			r.slots[i] = slot{unreadable: true}
			errs = append(errs, fmt.Errorf("slot %d: %w", i, err))
		case text != "":
			r.slots[i] = slot{account: p.Account, text: text}
			pairs = append(pairs, p)
		default:
			r.slots[i] = slot{}
		}
	}
	if len(errs) > 0 {
		return pairs, fmt.Errorf("%d of the %d slots of %s cannot be read; the first is %w", len(errs), slotCount, r.path, errs[0])
	}
	return pairs, nil
}

// open opens the file, or makes it.
func (r *Reserve) open() error {
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return fmt.Errorf("open the reserve for tokens: %w", err)
	}
	if err := fill(f); err != nil {
		return errors.Join(fmt.Errorf("reserve room for tokens in %s: %w", r.path, err), f.Close())
	}
	r.file = f
	return nil
}

// fill takes the file's space, as far as it has not been taken.
func fill(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	const whole = slotCount * slotSize
	for at := info.Size() / slotSize * slotSize; at < whole; at += slotSize {
		if _, err := f.WriteAt(make([]byte, slotSize), at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// A slot holds a mark, the length of what follows, its checksum, and then the pair.
var mark = [8]byte{'c', 'r', 's', 'p', 'a', 'i', 'r', '1'}

const headSize = len(mark) + 4 + 4

func checksum(body []byte) uint32 { return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) }

// read gives the pair in a slot, and how it is sealed: "" where there is none.
func (r *Reserve) read(i int) (p Pair, text string, err error) {
	b := make([]byte, slotSize)
	if _, err := r.file.ReadAt(b, int64(i)*slotSize); err != nil && !errors.Is(err, io.EOF) {
		return p, "", err
	}
	body, ok := bodyOf(b)
	if !ok {
		return p, "", nil
	}
	p, err = unsealPair(string(body), r.seal)
	return p, string(body), err
}

// bodyOf gives what a slot holds, if that is whole.
func bodyOf(b []byte) ([]byte, bool) {
	if len(b) < headSize || [8]byte(b[:8]) != mark {
		return nil, false
	}
	n := binary.BigEndian.Uint32(b[8:])
	if n == 0 || uint64(n) > uint64(len(b)-headSize) {
		return nil, false
	}
	body := b[headSize : headSize+int(n)]
	return body, checksum(body) == binary.BigEndian.Uint32(b[12:])
}

// Keep writes a pair, durably. An older one of the account is forgotten then.
func (r *Reserve) Keep(p *Pair) error {
	text, err := p.seal(r.seal)
	if err != nil {
		return err
	}
	if len(text) > slotSize-headSize-1 {
		return fmt.Errorf("the fresh token of account %s has %d bytes, more than a slot of %s", p.Account, len(text), r.path)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.room()
	if err != nil {
		return err
	}
	if err = r.write(i, text); err == nil {
		err = r.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write to the reserve for tokens: %w", err)
	}
	r.forget(p.Account)
	r.slots[i] = slot{account: p.Account, text: text}
	return nil
}

// Ready reports why Keep would fail; nil when there is room, and the disk has just taken a byte. It waits as long as the disk does.
func (r *Reserve) Ready() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.room()
	if err != nil {
		return err
	}
	last := int64(i+1)*slotSize - 1 // no pair is so long
	if _, err = r.file.WriteAt([]byte{0}, last); err == nil {
		err = r.file.Sync()
	}
	return errs.Wrap(err, "write to the reserve for tokens")
}

// room gives a free slot of a file that is as it should be. It is called with mu held.
func (r *Reserve) room() (int, error) {
	found, err := r.mend()
	if r.mended = errors.Join(r.mended, found); err != nil {
		return 0, err
	}
	i := r.free()
	if i < 0 {
		return 0, fmt.Errorf("every slot of %s is taken", r.path)
	}
	return i, nil
}

// write puts a sealed pair into a slot.
func (r *Reserve) write(i int, text string) error {
	b := append(append([]byte(nil), mark[:]...), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(b[8:], uint32(len(text)))
	binary.BigEndian.PutUint32(b[12:], checksum([]byte(text)))
	_, err := r.file.WriteAt(append(b, text...), int64(i)*slotSize)
	return err
}

// Seal gives pairs in a form that another process of this daemon unseals.
func (r *Reserve) Seal(pairs []Pair) (sealed []string, err error) {
	for i := range pairs {
		text, other := pairs[i].seal(r.seal)
		sealed, err = append(sealed, text), errors.Join(err, other)
	}
	return sealed, err
}

// Unseal gives back what Seal was given.
func (r *Reserve) Unseal(sealed []string) (pairs []Pair, err error) {
	for _, text := range sealed {
		p, other := unsealPair(text, r.seal)
		if err = errors.Join(err, other); other == nil {
			pairs = append(pairs, p)
		}
	}
	return pairs, err
}

func (r *Reserve) free() int { return slices.Index(r.slots[:], slot{}) }

// Drop forgets the pair of an account: the store has it, or a newer one.
func (r *Reserve) Drop(account string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(account)
}

// forget need not be durable: what comes back is older than what the store has. It is called with mu held.
func (r *Reserve) forget(account string) {
	for i := range r.slots {
		if r.slots[i].account == account && r.file != nil {
			if _, err := r.file.WriteAt(make([]byte, headSize), int64(i)*slotSize); err == nil {
				r.slots[i] = slot{}
			}
		}
	}
}

// Close closes the file.
func (r *Reserve) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

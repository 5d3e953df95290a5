//go:build unix

package hangup_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// turns tells when they are left and entered again.
type turns struct{ left, entered chan struct{} }

func newTurns() *turns { return &turns{make(chan struct{}, 1000), make(chan struct{}, 1000)} }

func (t *turns) Enter() { t.entered <- struct{}{} }
func (t *turns) Leave() { t.left <- struct{}{} }

func TestOthersHaveTheirTurnWhileNothingComes(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	mine := newTurns()
	if !server.Yield(mine) {
		t.Fatal("the socket is not within reach")
	}
	go func() {
		<-mine.left
		_, _ = io.WriteString(client, "hello")
	}()
	got := make([]byte, 10)
	n, err := server.Read(got)
	if string(got[:n]) != "hello" || err != nil {
		t.Fatalf("read %q: %v", got[:n], err)
	}
	if len(mine.entered) != 1 {
		t.Error("it did not wait for its turn with what had come")
	}
	_, _ = io.WriteString(client, "and more")
	if n, err = server.Read(got); n == 0 || err != nil {
		t.Fatalf("read %q: %v", got[:n], err)
	}
}

func TestOthersHaveTheirTurnWhileTheOtherEndDoesNotRead(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	mine := newTurns()
	server.Yield(mine)
	large := bytes.Repeat([]byte("a"), 32<<20)
	arrived := make(chan int64)
	go func() {
		<-mine.left // as much as the kernel takes has been written
		n, _ := io.Copy(io.Discard, client)
		arrived <- n
	}()
	if n, err := server.Write(large); n != len(large) || err != nil {
		t.Fatalf("wrote %d: %v", n, err)
	}
	_ = server.Close()
	if n := <-arrived; n != int64(len(large)) {
		t.Errorf("%d bytes arrived", n)
	}
}

func TestReadingInTurnsEndsAsEver(t *testing.T) {
	t.Parallel()
	server, client := pair(t)
	mine := newTurns()
	server.Yield(mine)
	_ = server.SetReadDeadline(time.Unix(1, 0))
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("behind its deadline: %v", err)
	}
	_ = server.SetReadDeadline(time.Time{})
	_ = client.CloseWrite()
	if _, err := server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if len(mine.left) > len(mine.entered) {
		t.Error("it was left and not entered again")
	}
	server.Yield(nil)
	if _, err := server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("without turns: %v", err)
	}
}

package proxyengine

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"crs/proxyengine/hangup"
)

// oneLane has room for one.
func oneLane() *slowLane { return &slowLane{room: 1, of: map[string]*queue{}} }

// inside is how many are in a slow lane with room for one.
func (l *slowLane) inside() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return 1 - l.room
}

func TestKeysTakeTurnsInTheSlowLane(t *testing.T) {
	t.Parallel()
	l := oneLane()
	first := spot{slowLane: l}
	first.Enter()
	in := make(chan string, 100)
	come := func(key string, until <-chan struct{}) {
		waits := l.waiting()
		go func() {
			p := spot{slowLane: l, key: key}
			if p.enterUntil(until) {
				in <- key
				p.Leave()
			}
		}()
		for l.waiting() == waits {
			runtime.Gosched()
		}
	}
	gone := make(chan struct{})
	for range 20 {
		come("flood", nil)
	}
	come("gone", gone)
	come("a", nil)
	come("b", nil)
	come("a", nil)
	close(gone)
	for l.waiting() > 23 {
		runtime.Gosched()
	}
	first.Leave()
	got := ""
	for range 23 {
		got += <-in + " "
	}
	if want := "flood a b flood a " + strings.Repeat("flood ", 18); got != want {
		t.Errorf("they came in as %s", got)
	}
	if l.inside() != 0 || len(l.of)+len(l.line) > 0 {
		t.Errorf("left behind: %+v", l)
	}
}

// waiting is how many are in the line.
func (l *slowLane) waiting() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.line {
		n += len(q.spots)
	}
	return n
}

func TestASpotIsTakenAndGivenOnce(t *testing.T) {
	t.Parallel()
	l := oneLane()
	p := spot{slowLane: l}
	p.Enter()
	p.Enter()
	if l.inside() != 1 {
		t.Errorf("%d are in the slow lane", l.inside())
	}
	p.Leave()
	p.Leave()
	if l.inside() != 0 {
		t.Errorf("%d are in the slow lane behind it", l.inside())
	}
}

func TestALargeBodyIsReadInTheSlowLaneAndASmallOneBesideIt(t *testing.T) {
	t.Parallel()
	l := oneLane()
	var small, large int
	look := func(b []byte) (int, error) {
		if l.inside() == 0 {
			small += len(b)
		} else {
			large += len(b)
		}
		return len(b), nil
	}
	p := &inPieces{from: readFunc(look), spot: &spot{slowLane: l}}
	if _, err := io.ReadFull(p, make([]byte, 2*light)); err != nil {
		t.Fatal(err)
	}
	if small != light || large != light {
		t.Errorf("%d bytes were read beside the slow lane, and %d in it", small, large)
	}
	if l.inside() != 0 {
		t.Error("it is in the slow lane still")
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// TestWhoeverSendsNothingHoldsUpNobody: an upload that stops in the middle is not in the slow lane.
func TestWhoeverSendsNothingHoldsUpNobody(t *testing.T) {
	t.Parallel()
	conn, client := connected(t)
	l := oneLane()
	p := &inPieces{from: conn, spot: &spot{slowLane: l}, conn: conn, read: light}
	end := make(chan error)
	go func() {
		_, err := io.ReadFull(p, make([]byte, 10))
		end <- err
	}()
	for range 100 { // it enters before it finds out that there is nothing
		other := spot{slowLane: l}
		other.Enter()
		other.Leave()
		time.Sleep(time.Millisecond)
	}
	_, _ = io.WriteString(client, "0123456789")
	if err := <-end; err != nil {
		t.Error(err)
	}
}

// connected gives the two ends of a connection whose first is watched.
func connected(t *testing.T) (*hangup.Conn, net.Conn) {
	t.Helper()
	w, err := hangup.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	conn, err := w.Listen(ln).Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*hangup.Conn), client
}

func TestMovingLosesNothing(t *testing.T) {
	t.Parallel()
	l := oneLane()
	for _, size := range []int{0, 1, light, 3*light + 7} {
		from := bytes.Repeat([]byte("ab"), size/2)
		if got := (&spot{slowLane: l}).move(make([]byte, 0, len(from)), from); !bytes.Equal(got, from) {
			t.Errorf("of %d bytes %d were moved", len(from), len(got))
		}
	}
	if l.inside() != 0 {
		t.Error("the slow lane is not free again")
	}
}

func TestNoModelFloods(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size, times int64 // of what comes at once, and how often
		each        time.Duration
		n           int
		want        bool
	}{
		"the beginning":                 {lightAnswer, 1, 0, 1, false},
		"a thousand tokens a second":    {turn, 1000, 40 * time.Millisecond, 1, false},
		"as fast as it can":             {turn, 100, time.Millisecond, 1, true},
		"one of a thousand in words":    {turn, 1000, time.Second, 1000, false},
		"one of a thousand that begins": {turn, 1, 0, 1000, false},
		"one of a thousand, at once":    {lightAnswer, 1, 0, 1000, true},
		"one of a hundred that floods":  {turn, 100, 40 * time.Millisecond, 100, true},
		"a pause, and all at once":      {lightAnswer, 3, time.Hour, 200, true},
	} {
		var may allowance
		now, got := time.Unix(1, 0), false
		for range c.times {
			got = may.spend(c.size, now, c.n)
			now = now.Add(c.each)
		}
		if got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

package caller

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"crs/internal/descriptor"
)

func TestTheOriginIsWhatTrustedProxiesSay(t *testing.T) {
	t.Parallel()
	trust, err := ParseTrust("10.0.0.0/8, 127.0.0.1,2001:db8::/32,")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ peer, header, want string }{
		{"203.0.113.9", "", "203.0.113.9"},
		{"203.0.113.9", "1.2.3.4", "203.0.113.9"}, // nobody's word
		{"127.0.0.1", "1.2.3.4", "1.2.3.4"},
		{"127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"}, // what the client wrote itself
		{"127.0.0.1", "6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4"},
		{"10.1.1.1", "10.2.2.2,10.3.3.3", "10.2.2.2"}, // a client inside
		{"127.0.0.1", "1.2.3.4:5555", "1.2.3.4"},
		{"127.0.0.1", "[2001:db9::1]:443", "2001:db9::1"},
		{"127.0.0.1", "2001:db9::1", "2001:db9::1"},
		{"::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"},
		{"127.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"},
		{"127.0.0.1", "1.2.3.4, unknown", "127.0.0.1"},
		{"127.0.0.1", "1.2.3.4, ", "127.0.0.1"},
		{"127.0.0.1", "fe80::1%eth0", "fe80::1"},
	} {
		peer, _ := parse(c.peer)
		if got := trust.Origin(peer, c.header); got.String() != c.want {
			t.Errorf("%s with %q is %s, want %s", c.peer, c.header, got, c.want)
		}
	}
	for _, bad := range []string{"10.0.0.0/33", "proxy.example.com", "1.2.3"} {
		if _, err := ParseTrust(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1")
	f.Add(",,[::1]:80,")
	trust := Trust{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	peer := netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, header string) {
		got := trust.Origin(peer, header)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q is %v", header, got)
		}
		if alone := (Trust(nil)).Origin(peer, header); alone != peer {
			t.Errorf("nobody is trusted, but %q is %v", header, alone)
		}
	})
}

// line is a listener that gives connections from addresses as told.
type line struct {
	net.Listener
	from chan string
}

func (l *line) Accept() (net.Conn, error) {
	from, ok := <-l.from
	if !ok {
		return nil, net.ErrClosed
	}
	a, b := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, b) }()
	return &fakeConn{Conn: a, addr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1))}, nil
}

type fakeConn struct {
	net.Conn
	addr net.Addr
}

func (c *fakeConn) RemoteAddr() net.Addr { return c.addr }

func (l *line) Close() error { return nil }

func TestConnectionsOfAnAddressAreCounted(t *testing.T) {
	t.Parallel()
	count := NewConnections()
	trust, _ := ParseTrust("10.0.0.1")
	count.Set(2, trust)
	l := &line{from: make(chan string, 100)}
	ln := count.Listen(l)
	accept := func(from string) net.Conn {
		t.Helper()
		l.from <- from
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	var open []net.Conn
	for i, over := range []bool{false, false, true, true} {
		c := accept("203.0.113.9")
		if TooMany(c) != over {
			t.Errorf("connection %d: too many is %v", i+1, !over)
		}
		open = append(open, c)
	}
	l.from <- "203.0.113.9" // closed at once
	if c := accept("203.0.113.8"); AddrOf(c.RemoteAddr()).String() != "203.0.113.8" || TooMany(c) {
		t.Errorf("another address: %v", c.RemoteAddr())
	}
	for range 10 {
		if TooMany(accept("127.0.0.1")) || TooMany(accept("10.0.0.1")) {
			t.Error("who is not limited has too many")
		}
	}
	for _, c := range open {
		_, _ = c.Close(), c.Close()
	}
	if TooMany(accept("203.0.113.9")) {
		t.Error("connections that were closed are counted")
	}
	for i := range 3 { // one customer has them all
		if TooMany(accept(fmt.Sprintf("2001:db8:1:2::%d", i+1))) != (i == 2) {
			t.Errorf("address %d of a network", i+1)
		}
	}
	count.Set(0, nil)
	if TooMany(accept("2001:db8:1:2::9")) {
		t.Error("there is no limit any more")
	}
	close(l.from)
	if len(count.open) != 3 { // .8, .9 and the network
		t.Errorf("it holds %v", count.open)
	}
}

func TestATCPConnectionStaysOne(t *testing.T) {
	t.Parallel()
	count := NewConnections()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := count.take(conn)
	if _, ok := c.(interface{ SetNoDelay(bool) error }); !ok {
		t.Errorf("it is %T", c)
	}
	if _ = c.Close(); len(count.all) != 0 {
		t.Errorf("it holds %v", count.all)
	}
}

// TestWhoWaitsMakesRoomForWhoIsServed: the longest wait first, and never a request that is under way.
func TestWhoWaitsMakesRoomForWhoIsServed(t *testing.T) {
	t.Parallel()
	count := NewConnections()
	count.Resize(6)
	l := &line{from: make(chan string, 100)}
	ln := count.Listen(l)
	accept := func() net.Conn {
		t.Helper()
		l.from <- "203.0.113.9"
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	var all []net.Conn
	for i := range 6 {
		c := accept()
		seatOf(c).since.Store(int64(i + 1)) // the first has waited longest
		all = append(all, c)
	}
	if !Serving(all[0]) {
		t.Fatal("it was closed before there were too many")
	}
	seventh := accept()
	if NoRoom(seventh) || count.Len() != 6 || Serving(all[1]) || !Serving(all[2]) {
		t.Errorf("%d are open; the longest wait went on: %v", count.Len(), Serving(all[1]))
	}
	for _, c := range append(all[3:], seventh) {
		if !Serving(c) {
			t.Error("more were closed than had to be")
		}
	}
	told := accept()
	if !NoRoom(told) || count.Free() && count.Len() == 0 {
		t.Error("a connection too many is not told so")
	}
	_ = told.Close()
	Waiting(all[0])
	if c := accept(); NoRoom(c) || Serving(all[0]) {
		t.Error("one whose request has ended was not closed")
	}
}

// TestWithoutAnyRoomNobodyIsAccepted until somebody goes; and the listener can be closed meanwhile.
func TestWithoutAnyRoomNobodyIsAccepted(t *testing.T) {
	t.Parallel()
	count := NewConnections()
	count.Resize(1)
	l := &line{from: make(chan string, 100)}
	ln := count.Listen(l)
	var open []net.Conn
	for range 1 + descriptor.Beyond(1) {
		l.from <- "203.0.113.9"
		c, err := ln.Accept()
		if err != nil || !Serving(c) {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	accepted := make(chan error, 1)
	accept := func() {
		c, err := ln.Accept()
		if err == nil && !Serving(c) {
			err = errors.New("it was closed at once")
		}
		accepted <- err
	}
	l.from <- "203.0.113.8"
	go accept()
	select {
	case <-accepted:
		t.Fatal("accepted without room")
	case <-time.After(3 * lookAgain):
	}
	_ = open[0].Close()
	if err := <-accepted; err != nil {
		t.Error(err)
	}
	go accept()
	_ = ln.Close()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestAnAddressWithTooManyFailuresWaits(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_700_000_000, 0)}
	f := NewFailures(c.now)
	f.Set(3)
	a, other := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.8")
	for range 2 {
		f.Failed(a)
	}
	if f.Refused(a) != 0 {
		t.Error("refused too early")
	}
	c.at = c.at.Add(20 * time.Second)
	f.Failed(a)
	if f.Refused(a) != 40*time.Second || f.Refused(other) != 0 {
		t.Errorf("it waits %v", f.Refused(a))
	}
	c.at = c.at.Add(40 * time.Second)
	if f.Refused(a) != 0 || len(f.seen) != 0 {
		t.Errorf("it waits for ever: %v", f.seen)
	}
	for range 10 {
		f.Failed(netip.MustParseAddr("127.0.0.1"))
		f.Failed(netip.Addr{})
	}
	if len(f.seen) != 0 {
		t.Error("addresses of this machine are counted")
	}
	f.Set(0)
	f.Failed(a)
	if len(f.seen) != 0 {
		t.Error("it counts without a limit")
	}
}

func TestFailuresHoldABoundedNumberOfAddresses(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1_700_000_000, 0)}
	f := NewFailures(c.now)
	f.Set(1)
	for i := range 3 * mostAddresses {
		f.Failed(netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if len(f.seen) > mostAddresses || len(f.order) > 3*mostAddresses {
		t.Errorf("it holds %d addresses, %d places", len(f.seen), len(f.order))
	}
	c.at = c.at.Add(time.Hour)
	f.Failed(netip.MustParseAddr("203.0.113.9"))
	if len(f.seen) != 1 || len(f.order)-f.first != 1 {
		t.Errorf("it holds %d addresses after an hour", len(f.seen))
	}
}

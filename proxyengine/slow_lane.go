package proxyengine

import (
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"crs/internal/piecewise"
	"crs/proxyengine/hangup"
)

// slowLane is where work goes that takes the longer the more a client or an upstream sends. Only so many are in it at once, fewer
// than there are processors, so that there is always one for whoever asks for little; and nobody stays in it for longer than
// one piece of the work takes. Keys take turns at it: however much one sends, another's next piece waits for one of its.
type slowLane struct {
	mu   sync.Mutex // guards the fields below
	room int        // how many more may come in
	line []*queue   // of the keys that wait, whose turn is next first
	of   map[string]*queue
}

// queue is those of a key that wait, who came first first.
type queue struct {
	key   string
	spots []*spot
}

// newSlowLane makes one for half of the processors.
func newSlowLane() *slowLane {
	return &slowLane{room: max(1, runtime.GOMAXPROCS(0)/2), of: map[string]*queue{}}
}

// enter lets p in, or puts it into the line: then it is told when it is in.
func (l *slowLane) enter(p *spot) (waits bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.room > 0 {
		l.room--
		return false
	}
	q := l.of[p.key]
	if q == nil {
		q = &queue{key: p.key}
		l.of[p.key], l.line = q, append(l.line, q)
	}
	q.spots = append(q.spots, p)
	if p.turn == nil {
		p.turn = make(chan struct{}, 1)
	}
	return true
}

// leave makes room for who is next.
func (l *slowLane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) == 0 {
		l.room++
		return
	}
	q := l.line[0]
	p := q.spots[0]
	q.spots, l.line = q.spots[1:], l.line[1:]
	if len(q.spots) > 0 {
		l.line = append(l.line, q)
	} else {
		delete(l.of, q.key)
	}
	p.turn <- struct{}{}
}

// giveUp takes p out of the line. It reports false when p is in the slow lane by now.
func (l *slowLane) giveUp(p *spot) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.of[p.key]
	if q == nil {
		return false
	}
	i := slices.Index(q.spots, p)
	if i < 0 {
		return false
	}
	if q.spots = slices.Delete(q.spots, i, i+1); len(q.spots) == 0 {
		delete(l.of, q.key)
		l.line = slices.DeleteFunc(l.line, func(o *queue) bool { return o == q })
	}
	return true
}

// spot is one exchange's in the slow lane, if it has one. Only the goroutine that works on the exchange may use it.
type spot struct {
	slowLane *slowLane
	key      string // of whom it is; "" while that is not known
	in       bool
	since    time.Time     // when it came in
	turn     chan struct{} // told that it is in; nil until it has had to wait
}

// A piece of work that takes longer than this is followed by a rest in the slow lane, as long as the work and no longer than longestRest:
// what floods the relay leaves processors to others, and to the garbage collector.
const (
	heavyPiece  = 2 * time.Millisecond
	longestRest = 20 * time.Millisecond
)

// Enter waits for room, unless it is in the slow lane.
func (p *spot) Enter() { p.enterUntil(nil) }

// enterUntil is Enter that gives up, and reports false, when done is closed.
func (p *spot) enterUntil(done <-chan struct{}) bool {
	if p.in {
		return true
	}
	if p.slowLane.enter(p) {
		select {
		case <-p.turn:
		case <-done:
			if p.slowLane.giveUp(p) {
				return false
			}
			<-p.turn
		}
	}
	p.in, p.since = true, time.Now()
	return true
}

// Leave makes room, if it is in the slow lane.
func (p *spot) Leave() {
	if !p.in {
		return
	}
	if took := time.Since(p.since); took > heavyPiece {
		time.Sleep(min(took, longestRest))
	}
	p.in = false
	p.slowLane.leave()
}

// work does a piece of work, in the slow lane if it is heavy.
func (p *spot) work(heavy bool, work func()) {
	if heavy {
		p.Enter()
		defer p.Leave()
	}
	work()
}

// light is up to how much of a body is read, unpacked and worked on without the slow lane: most are no larger.
const light = 256 << 10

// lightFraming is the same for what frames a body: a chunk takes the longer to read the smaller it is.
const lightFraming = 16 << 10

// inPieces gives what from gives: up to where it is light without the slow lane, and from there on in the slow lane, in pieces. If it reads a
// connection, others have the slow lane while nothing comes.
type inPieces struct {
	from io.Reader
	spot *spot
	conn *hangup.Conn // nil if it reads none
	// chunks, if not nil, frame what is read.
	chunks *framing
	read   int
}

// Read implements io.Reader.
func (p *inPieces) Read(b []byte) (n int, err error) {
	if p.read < light && (p.chunks == nil || p.chunks.around() < lightFraming) {
		n, err = p.from.Read(b[:min(len(b), light-p.read)])
	} else {
		n, err = p.readInSlowLane(b[:min(len(b), piecewise.Size)])
	}
	p.read += n
	return n, err
}

func (p *inPieces) readInSlowLane(b []byte) (int, error) {
	if p.conn != nil {
		if !p.conn.Yield(p.spot) {
			return p.from.Read(b)
		}
		defer p.conn.Yield(nil)
	}
	p.spot.Enter()
	defer p.spot.Leave()
	n, err := 0, error(nil)
	for n < len(b) && err == nil {
		var more int
		more, err = p.from.Read(b[n:])
		n += more
	}
	return n, err
}

// buffer gives one with room for n bytes. A large one has to be made, and cleared.
func (p *spot) buffer(n int) (b []byte) {
	p.work(n > light, func() { b = getBuffer(n) })
	return b
}

// move appends what is in from to to, which has room for it.
func (p *spot) move(to, from []byte) []byte {
	for some := range slices.Chunk(from, piecewise.Size) {
		if len(from) > light {
			p.Enter()
		}
		to = append(to, some...)
		p.Leave()
	}
	return to
}

// An answer floods when it has brought more than lightAnswer, and floodRate for each second: far more than what any model says. The
// answers of one key share that, as far as each has a turn at once and slowest for each second: many that bring little each would be
// a flood as well.
const (
	lightAnswer = 64 << 10
	floodRate   = 256 << 10
	slowest     = 16 << 10
)

// allowance is what an answer may still bring before it floods. What it does not use is not saved up.
type allowance struct {
	left int64
	at   time.Time // when left was that
}

// spend takes n bytes of it, where the answer's key has so many requests in flight, and reports whether there is no more.
func (a *allowance) spend(n int64, now time.Time, inFlight int) (floods bool) {
	sharing := int64(max(inFlight, 1))
	most := max(lightAnswer/sharing, turn)
	if a.at.IsZero() {
		a.left = most
	} else {
		a.left += int64(now.Sub(a.at).Seconds() * float64(max(floodRate/sharing, slowest)))
	}
	a.at = now
	a.left = max(min(a.left, most)-n, -most)
	return a.left < 0
}

package simulator_test

import (
	"net"
	"testing"
	"time"

	"crs/lab/simulator"
)

// soon is how fast a departure must be noticed; the tests allow more than is promised, on a busy machine.
const soon = 10 * time.Second

func TestAClientThatLeavesIsNoticedInEveryPhase(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, step, body string
		mark             string // what the client has read when it leaves
		status           int
	}{
		{"before the status line", "slow(1h)", ask, "", 0},
		{"before the first event", "stall", askStream, headerEnd, 200},
		{"before a JSON body", "stall", ask, headerEnd, 200},
		{"in a silence for ever", "stall(after=2)", askStream, "ping\"}\n\n", 200},
		{"in a silence with an end", "stall(after=2,for=1h)", askStream, "ping\"}\n\n", 200},
		{"in a silence at the end", "stall(after=99)", askStream, "message_stop\"}\n\n", 200},
		{"between two events", "ok(gap=1h)", askStream, "message_start\"", 200},
		{"between two bytes of a stream", "drip(1h)", askStream, headerEnd, 200},
		{"between two bytes of JSON", "drip(1h)", ask, headerEnd, 200},
		{"while it reads nothing", "huge(16MB)", askStream, headerEnd, 200},
	}
	for _, c := range cases {
		for _, how := range []string{"close", "reset"} {
			t.Run(c.name+" by "+how, func(t *testing.T) {
				t.Parallel()
				s := start(t, c.step)
				conn := s.dial()
				conn.send(request("sk-a", c.body))
				if c.mark == "" {
					s.arrived(1)
				} else {
					conn.until(c.mark)
				}
				if n := s.InFlight("sk-a"); n != 1 {
					t.Fatalf("%d are in flight", n)
				}
				if how == "reset" {
					if err := conn.Conn.(*net.TCPConn).SetLinger(0); err != nil {
						t.Fatal(err)
					}
				}
				left := time.Now()
				_ = conn.Close()
				q := s.last()
				if q.Outcome != simulator.Canceled || q.Status != c.status {
					t.Errorf("recorded %s with status %d", q.Outcome, q.Status)
				}
				if took := q.EndedAt.Sub(left); took < 0 || took > soon {
					t.Errorf("noticed after %s", took)
				}
				if n := s.InFlight("sk-a"); n != 0 || len(s.Served()) != 0 {
					t.Errorf("%d are in flight, billed %+v", n, s.Served())
				}
			})
		}
	}
}

func TestCloseEndsWhatIsRunningAndIsNobodysDeparture(t *testing.T) {
	t.Parallel()
	s := start(t, "a=stall;b=slow(1h);c=ok(gap=1h);d=huge(16MB)")
	for _, key := range []string{"a", "b", "c", "d"} {
		s.dial().send(request(key, askStream))
	}
	idle := s.dial() // has sent nothing
	s.arrived(4)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got, err := idle.rest(); got != "" || err != nil {
		t.Errorf("the idle connection got %q, %v", got, err)
	}
	for _, q := range s.Requests() {
		if q.Outcome != simulator.Faulted || q.EndedAt.IsZero() {
			t.Errorf("%s was recorded as %s", q.Account, q.Outcome)
		}
	}
	if _, err := net.Dial("tcp", s.URL()[len("http://"):]); err == nil {
		t.Error("it still listens")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

package simulator

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// device is a login on another device: somebody reads a code there and types it into a browser.
type device struct {
	handle, user string // what the device knows it by, and what is typed
	client       string
	until        time.Time
	polled       time.Time
	verdict      verdict
}

// verdict is what the owner decided.
type verdict int

const (
	pending verdict = iota
	approved
	denied
)

// How long a device login waits for its owner at each vendor, and how often it may ask.
const (
	workOSPatience = 5 * time.Minute
	openAIPatience = 15 * time.Minute
	pollEvery      = 5 * time.Second
)

// Why a device login gives nothing, in the words of the wire (RFC 8628).
var (
	errPending       = errors.New("authorization_pending")
	errTooSoon       = errors.New("slow_down")
	errDenied        = errors.New("access_denied")
	errExpired       = errors.New("expired_token")
	errUnknownDevice = errors.New("invalid_grant")
)

// beginDevice begins a login.
func (g *grants) beginDevice(client string, now time.Time, patience time.Duration) device {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.issued++
	d := &device{
		handle: fmt.Sprintf("deviceauth_sim%012d", g.issued), user: fmt.Sprintf("%s%04d", g.userCode, g.issued),
		client: client, until: now.Add(patience),
	}
	g.devices[d.user] = d
	return *d
}

// decide is what the owner decides who typed a code. False means that nobody waits for it.
func (g *grants) decide(userCode string, v verdict, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.devices[strings.ToUpper(strings.TrimSpace(userCode))]
	if d == nil || d.verdict != pending || !now.Before(d.until) {
		return false
	}
	d.verdict = v
	return true
}

// poll asks for the verdict. nil is that the owner agreed, which is told once.
func (g *grants) poll(handle string, now time.Time) (device, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.device(handle)
	if d == nil {
		return device{}, errUnknownDevice
	}
	soon := !d.polled.IsZero() && now.Sub(d.polled) < pollEvery
	d.polled = now
	switch {
	case d.verdict == denied:
		return *d, errDenied
	case d.verdict == approved:
		delete(g.devices, d.user)
		return *d, nil
	case !now.Before(d.until):
		return *d, errExpired
	case soon:
		return *d, errTooSoon
	}
	return *d, errPending
}

// device with mu held.
func (g *grants) device(handle string) *device {
	for _, d := range g.devices {
		if d.handle == handle {
			return d
		}
	}
	return nil
}

// enter gives tokens to a device whose owner agreed.
func (g *grants) enter(d device, now time.Time) tokenPair {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issue(&grantee{owner: g.comer(), client: d.client, scope: g.scope}, now, g.life, true)
}

// agree gives such a device a code instead, to be exchanged like one from a browser. Only the vendor knows the verifier
// that goes with it, and tells.
func (g *grants) agree(d device, now time.Time) (code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issueCode(authorization{
		client: d.client, redirect: "*/deviceauth/callback", scope: g.scope, challenge: challengeOf(deviceVerifier), owner: g.comer(),
	}, now)
}

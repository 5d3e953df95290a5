package login

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Device is a login on another device: somebody reads a code there and types it into a browser.
type Device struct {
	handle, user string // what the device knows it by, and what is typed
	client       string
	until        time.Time
	polled       time.Time
	verdict      Verdict
}

// Verdict is what the owner decided.
type Verdict int

// The verdicts.
const (
	pending Verdict = iota
	Approved
	Denied
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
func (g *Grants) beginDevice(client string, now time.Time, patience time.Duration) Device {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.issued++
	d := &Device{
		handle: fmt.Sprintf("deviceauth_sim%012d", g.issued), user: fmt.Sprintf("%s%04d", g.userCode, g.issued),
		client: client, until: now.Add(patience),
	}
	g.devices[d.user] = d
	return *d
}

// Decide is what the owner decides who typed a code. False means that nobody waits for it.
func (g *Grants) Decide(userCode string, v Verdict, now time.Time) bool {
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
func (g *Grants) poll(handle string, now time.Time) (Device, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.device(handle)
	if d == nil {
		return Device{}, errUnknownDevice
	}
	soon := !d.polled.IsZero() && now.Sub(d.polled) < pollEvery
	d.polled = now
	switch {
	case d.verdict == Denied:
		return *d, errDenied
	case d.verdict == Approved:
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
func (g *Grants) device(handle string) *Device {
	for _, d := range g.devices {
		if d.handle == handle {
			return d
		}
	}
	return nil
}

// enter gives tokens to a device whose owner agreed.
func (g *Grants) enter(d Device, now time.Time) Pair {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issue(&Account{Owner: g.comer(), Client: d.client, Scope: g.scope}, now, g.life, true)
}

// agree gives such a device a code instead, to be exchanged like one from a browser. Only the vendor knows the verifier
// that goes with it, and tells.
func (g *Grants) agree(d Device, now time.Time) (code string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issueCode(Authorization{
		client: d.client, redirect: "*/deviceauth/callback", scope: g.scope, challenge: challengeOf(deviceVerifier), owner: g.comer(),
	}, now)
}

package checkup

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/secret"
	"crs/lab/proxytest"
	"crs/proxyengine/provider"
)

// site is a provider that says under which address it sees who comes.
func site(t *testing.T, secured bool) *httptest.Server {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/cdn-cgi/trace" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, "fl=1\nip=192.0.2.7\nloc=DE\ntls=TLSv1.3\n")
	})
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet
	if secured {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// options are those of a daemon whose accounts' base URL is where they go.
func options(t *testing.T, accounts ...*account.Account) *Options {
	t.Helper()
	dir := t.TempDir()
	return &Options{
		Accounts: accounts, Now: time.Now, Data: dir, Socket: filepath.Join(dir, "s"), Key: fine, Version: "test", Prices: Prices{From: "built-in", Of: time.Now()},
		Endpoint: func(a *account.Account) (provider.Endpoint, error) { return provider.ParseEndpoint(a.BaseURL) },
	}
}

// fine is a key file that holds what it should.
func fine() error { return nil }

func at(name, url, proxy string) *account.Account {
	return &account.Account{Name: name, BaseURL: url, Proxy: secret.New(proxy)}
}

// found gives the one check of a name.
func found(t *testing.T, all []ctl.Check, name string) ctl.Check {
	t.Helper()
	var one []ctl.Check
	for _, c := range all {
		if c.Name == name {
			one = append(one, c)
		}
	}
	if len(one) != 1 {
		t.Fatalf("%d checks %s in %+v", len(one), name, all)
	}
	return one[0]
}

func want(t *testing.T, c ctl.Check, state ctl.State, says string) {
	t.Helper()
	if c.State != state || !strings.Contains(c.Detail, says) {
		t.Errorf("%+v, want %s with %q", c, state, says)
	}
	if (c.State == ctl.Bad || c.State == ctl.Warning) && c.Hint == "" {
		t.Errorf("%+v says nothing about what to do", c)
	}
}

func TestAWayThatLeadsToItsProvider(t *testing.T) {
	t.Parallel()
	s := site(t, false)
	all := options(t, at("b", s.URL, ""), at("a", s.URL+"/below", "")).ways(t.Context())
	c := found(t, all, "exit")
	want(t, c, ctl.OK, "answers directly in ")
	want(t, c, ctl.OK, "and sees 192.0.2.7 (DE)")
	if fmt.Sprint(c.Accounts) != "[a b]" || c.Subject != strings.TrimPrefix(s.URL, "http://") {
		t.Errorf("%+v", c)
	}
	want(t, found(t, all, "clock"), ctl.OK, "agrees with "+c.Subject)
}

func TestEveryProxyIsAWayOfItsOwn(t *testing.T) {
	t.Parallel()
	s := site(t, false)
	open := proxytest.Forwarding(t)
	locked := proxytest.Answering(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
	})
	all := options(t, at("direct", s.URL, ""), at("open", s.URL, "http://u:hush@"+open), at("locked", s.URL, "http://u:hush@"+locked), at("dead", s.URL, "socks5://u:hush@127.0.0.1:1")).ways(t.Context())
	says := map[string]string{"direct": "directly", "open": "answers through the proxy " + open, "locked": "cannot be reached through the proxy " + locked, "dead": "connection refused"}
	for _, c := range all {
		if c.Name != "exit" {
			continue
		}
		name := c.Accounts[0]
		state := map[string]ctl.State{"direct": ctl.OK, "open": ctl.OK}[name]
		if state == "" {
			state = ctl.Bad
		}
		want(t, c, state, says[name])
		delete(says, name)
		if strings.Contains(fmt.Sprint(c), "hush") {
			t.Errorf("a password is shown: %+v", c)
		}
	}
	if len(says) != 0 {
		t.Errorf("not looked at: %v", says)
	}
}

func TestAnAccountThatDoesNotSayWhereItGoes(t *testing.T) {
	t.Parallel()
	want(t, found(t, options(t, at("a", "nowhere", "")).ways(t.Context()), "exit"), ctl.Bad, "does not say where its requests go")
	want(t, found(t, options(t).ways(t.Context()), "exit"), ctl.Skipped, "no accounts")
}

func TestAProviderThatIsNotOne(t *testing.T) {
	t.Parallel()
	addr := proxytest.Answering(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example ESMTP\r\n") })
	want(t, found(t, options(t, at("a", "http://"+addr, "")).ways(t.Context()), "exit"), ctl.Bad, "does not answer in HTTP")
}

func TestWhoVouchesForWhatAnswers(t *testing.T) {
	t.Parallel()
	s := site(t, true)
	own := x509.NewCertPool()
	own.AddCert(s.Certificate())
	for name, c := range map[string]struct {
		trusted, browsers *x509.CertPool
		state             ctl.State
		says              string
	}{
		"everybody":           {own, own, ctl.OK, "the certificate was issued by Acme Co"},
		"only this machine":   {own, nil, ctl.Warning, "trusted by this machine and by no browser; it was issued by Acme Co"},
		"nobody":              {x509.NewCertPool(), own, ctl.Bad, "not trusted here; it was issued by Acme Co"},
		"nobody, in any case": {x509.NewCertPool(), nil, ctl.Bad, "not trusted here; it was issued by Acme Co"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, at("a", s.URL, ""))
			o.Trusted, o.Browsers = c.trusted, c.browsers
			all := o.ways(t.Context())
			want(t, found(t, all, "tls"), c.state, c.says)
			exit := map[bool]ctl.State{true: ctl.Bad, false: ctl.OK}[c.state == ctl.Bad]
			want(t, found(t, all, "exit"), exit, "")
		})
	}
}

func TestCredentialsThatGoUnencrypted(t *testing.T) {
	t.Parallel()
	for host, said := range map[string]bool{"192.0.2.1:80": true, "example.com": true, "127.0.0.1:80": false, "localhost": false, "[::1]:80": false} {
		w := way{to: provider.Endpoint{Host: host}}
		c, ok := w.tls(nil)
		if ok != said || ok && (c.State != ctl.Warning || c.Hint == "") {
			t.Errorf("%s: %+v", host, c)
		}
	}
}

func TestBrowsersTrustWhatMozillaTrusts(t *testing.T) {
	t.Parallel()
	n := 0
	for range bundle.Roots() {
		n++
	}
	if n < 50 || mozilla().Equal(x509.NewCertPool()) {
		t.Errorf("%d roots", n)
	}
}

func TestTheClock(t *testing.T) {
	t.Parallel()
	s := site(t, false)
	for ahead, c := range map[time.Duration]struct {
		state ctl.State
		says  string
	}{
		0: {ctl.OK, "agrees"}, 30 * time.Second: {ctl.Warning, "s ahead of that of "}, -30 * time.Second: {ctl.Warning, "s behind that of "}, 10 * time.Minute: {ctl.Bad, "10m0s ahead of"},
	} {
		o := options(t, at("a", s.URL, ""))
		o.Now = func() time.Time { return time.Now().Add(ahead) }
		want(t, found(t, o.ways(t.Context()), "clock"), c.state, c.says)
	}
	silent := proxytest.Answering(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") })
	want(t, found(t, options(t, at("a", "http://"+silent, "")).ways(t.Context()), "clock"), ctl.Skipped, "no provider said")
	// One provider's clock is wrong: the middle decides.
	all := []*way{{dated: true, skew: -time.Hour}, {dated: true, skew: time.Second}, {dated: true}, {}}
	want(t, clockCheck(all), ctl.OK, "agrees")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "it's")
	file := filepath.Join(dir, "f")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mode := func(path string, m os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, m); err != nil {
			t.Fatal(err)
		}
	}
	want(t, keyFileCheck(file, fine), ctl.OK, "0600")
	mode(file, 0o640)
	c := keyFileCheck(file, fine)
	want(t, c, ctl.Bad, "others than its owner may use the key file (mode 0640)")
	if c.Hint != `chmod 600 '`+strings.ReplaceAll(file, "'", `'\''`)+`'` {
		t.Error(c.Hint)
	}
	mode(file, 0o600)
	want(t, keyFileCheck(file, func() error { return errors.New("it was overwritten") }), ctl.Bad, "it was overwritten")
	want(t, keyFileCheck(file+"x", fine), ctl.Bad, "cannot be found: no such file")
	want(t, dataCheck(dir), ctl.OK, "0700")
	mode(dir, 0o750)
	want(t, dataCheck(dir), ctl.OK, "0750")
	mode(dir, 0o755)
	want(t, dataCheck(dir), ctl.Warning, "mode 0755")
	want(t, dataCheck(dir+"x"), ctl.Bad, "cannot be found")

	socket := filepath.Join(shortDir(t), "s")
	want(t, socketCheck(socket), ctl.Bad, "cannot be found")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	mode(socket, 0o660)
	want(t, socketCheck(socket), ctl.OK, "0660")
	mode(socket, 0o666)
	want(t, socketCheck(socket), ctl.Bad, "everybody on this machine may use the control socket (mode 0666)")
	want(t, socketCheck(file), ctl.Bad, "no socket")
}

func TestTheDisk(t *testing.T) {
	t.Parallel()
	takes := func(d time.Duration) func(string) ([]time.Duration, error) {
		return func(string) ([]time.Duration, error) {
			return []time.Duration{time.Millisecond, d, d, d, 10 * time.Second}, nil
		}
	}
	want(t, diskCheck("d", takes(3*time.Millisecond)), ctl.OK, "fsync takes 3ms, at most 10s")
	want(t, diskCheck("d", takes(60*time.Millisecond)), ctl.Warning, "60ms")
	want(t, diskCheck("d", takes(time.Second)), ctl.Bad, "1s")
	dir := t.TempDir()
	if all, err := measure(dir); err != nil || len(all) != syncs {
		t.Errorf("%v, %v", all, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("it leaves %v", left)
	}
	want(t, diskCheck(filepath.Join(dir, "none"), measure), ctl.Bad, "cannot be written to: no such file")
	thawed := make(chan struct{})
	defer close(thawed)
	_, err := within(time.Millisecond, func() ([]time.Duration, error) { <-thawed; return nil, nil })
	want(t, diskCheck("d", func(string) ([]time.Duration, error) { return nil, err }), ctl.Bad, "cannot be written to: the disk has not answered for 10s")
}

func TestThePriceTable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	want(t, (&Prices{From: "built-in", Of: now.Add(-59 * day)}).check(now), ctl.OK, "2026-09-26 (built-in)")
	want(t, (&Prices{From: "built-in", Of: now.Add(-90 * day)}).check(now), ctl.Warning, "90 days old (built-in, 2026-08-26)")
	want(t, (&Prices{From: "https://example.com/p"}).check(now), ctl.Warning, "nothing says of when")
}

func TestEverythingIsLookedAt(t *testing.T) {
	t.Parallel()
	all := Run(t.Context(), options(t, at("a", site(t, false).URL, "")))
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "exit clock socket key-file data disk prices" {
		t.Error(got)
	}
}

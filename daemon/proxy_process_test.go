package daemon_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"crs/lab/crstest/selfsigned"
)

// The environment by which this test's own binary is told to be a proxy, in a process of its own.
const (
	proxyKind  = "CRS_TEST_PROXY"       // http, https, socks5, silent or smtp
	proxyLogin = "CRS_TEST_PROXY_LOGIN" // user:password; "" for none
	proxyTo    = "CRS_TEST_PROXY_TO"    // where all that is asked for is found
	proxyPEM   = "CRS_TEST_PROXY_PEM"   // certificate and key of the proxy that speaks TLS
)

// TestMain is a proxy when it is told to, and otherwise has the tests trust the certificate of the one that speaks TLS.
func TestMain(m *testing.M) {
	if kind := os.Getenv(proxyKind); kind != "" {
		if err := beProxy(kind); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(trusting(m))
}

func trusting(m *testing.M) int {
	dir, err := os.MkdirTemp("", "crs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "proxy.pem")
	if err := writeCertificate(file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for name, value := range map[string]string{"SSL_CERT_FILE": file, "SSL_CERT_DIR": dir, proxyPEM: file} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

func writeCertificate(file string) error {
	cert, key, err := selfsigned.Make("a proxy")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(cert, key...), 0o600)
}

// proxyProcess is a running proxy.
type proxyProcess struct {
	addr string
	mu   sync.Mutex // guards went
	went []string   // what it was asked to open, in order
}

// startProxy starts this binary as a proxy that finds everything at to. It is ended with the test.
func startProxy(t *testing.T, kind, login, to string) *proxyProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), proxyKind+"="+kind, proxyLogin+"="+login, proxyTo+"="+to)
	cmd.Stderr = os.Stderr
	stay, err := cmd.StdinPipe() // its end is the proxy's, also when this process is killed
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stay.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("the proxy does not say where it listens")
	}
	p := &proxyProcess{addr: lines.Text()}
	go func() {
		for lines.Scan() {
			p.mu.Lock()
			p.went = append(p.went, lines.Text())
			p.mu.Unlock()
		}
	}()
	return p
}

// opened is what it was asked to open so far.
func (p *proxyProcess) opened() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.went...)
}

// beProxy runs until standard input ends.
func beProxy(kind string) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	if kind == "https" {
		cert, err := tls.LoadX509KeyPair(os.Getenv(proxyPEM), os.Getenv(proxyPEM))
		if err != nil {
			return err
		}
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	serve := map[string]func(net.Conn, *bufio.Reader){"http": serveHTTP, "https": serveHTTP, "socks5": serveSOCKS, "silent": serveNothing, "smtp": serveMail}[kind]
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				serve(conn, bufio.NewReader(conn))
			}()
		}
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func serveNothing(_ net.Conn, br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) }

func serveMail(conn net.Conn, br *bufio.Reader) {
	_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
	_, _ = br.ReadString('\n')
}

func serveHTTP(conn net.Conn, br *bufio.Reader) {
	r, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	want := ""
	if login := os.Getenv(proxyLogin); login != "" {
		want = "Basic " + base64.StdEncoding.EncodeToString([]byte(login))
	}
	if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") != want {
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return
	}
	open(conn, br, r.Host, "HTTP/1.1 200 OK\r\n\r\n")
}

// serveSOCKS speaks as much of RFC 1928 and RFC 1929 as a client needs.
func serveSOCKS(conn net.Conn, br *bufio.Reader) {
	take := func(n int) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(br, b)
		return b
	}
	text := func() string { return string(take(int(take(1)[0]))) }
	take(1)
	switch offered, login := text(), os.Getenv(proxyLogin); {
	case login == "":
		_, _ = conn.Write([]byte{5, 0})
	case !strings.Contains(offered, "\x02"):
		_, _ = conn.Write([]byte{5, 0xff})
		return
	default:
		_, _ = conn.Write([]byte{5, 2})
		take(1)
		if user, password := text(), text(); user+":"+password != login {
			_, _ = conn.Write([]byte{1, 1})
			return
		}
		_, _ = conn.Write([]byte{1, 0})
	}
	host := ""
	switch take(4)[3] {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = text()
	}
	port := strconv.Itoa(int(binary.BigEndian.Uint16(take(2))))
	open(conn, br, net.JoinHostPort(host, port), "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
}

// open tells what was asked for, and opens the way to where everything is.
func open(conn net.Conn, br *bufio.Reader, asked, ok string) {
	up, err := net.Dial("tcp", os.Getenv(proxyTo))
	if err != nil {
		return
	}
	fmt.Println(strings.TrimSpace(asked))
	_, _ = io.WriteString(conn, ok)
	go func() {
		_, _ = io.Copy(up, br)
		_ = up.Close()
	}()
	_, _ = io.Copy(conn, up)
}

package canned

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"
)

// ask puts a request to the simulator and gives its answer as it was on the wire.
func ask(url string, req *fasthttp.Request) ([]byte, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return nil, fmt.Errorf("ask the simulator: %w", err)
	}
	defer func() { _ = conn.Close() }()
	out := bufio.NewWriter(conn)
	if err := req.Write(out); err != nil {
		return nil, fmt.Errorf("ask the simulator: %w", err)
	}
	if err := out.Flush(); err != nil {
		return nil, fmt.Errorf("ask the simulator: %w", err)
	}
	var wire bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &wire)), &http.Request{Method: string(req.Header.Method())})
	if err != nil {
		return nil, fmt.Errorf("read the simulator's answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return nil, fmt.Errorf("read the simulator's answer: %w", err)
	}
	return wire.Bytes(), nil
}

// setPath is where an upstream in another process is told how to answer.
const setPath = "/answer"

// Set tells the upstream at addr how requests are answered from now on.
func Set(ctx context.Context, addr string, a Answer) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("set the upstream's answer: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+setPath, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("set the upstream's answer: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("set the upstream's answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(resp.Body) // the status alone must do otherwise
		return fmt.Errorf("set the upstream's answer: %d %s", resp.StatusCode, why)
	}
	return nil
}

// replySet answers who tells.
func (s *Server) replySet(conn net.Conn, body []byte) error {
	var a Answer
	err := json.Unmarshal(body, &a)
	if err == nil {
		err = s.Set(a)
	}
	status, text := "200 OK", ""
	if err != nil {
		status, text = "400 Bad Request", err.Error()
	}
	_, err = fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(text), text)
	return err
}

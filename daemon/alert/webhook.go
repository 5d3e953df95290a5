package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"crs/internal/secret"
)

// Webhook is where messages are sent. Its address is a secret: whoever has it can write there.
type Webhook struct {
	url    secret.String
	format string
	client *http.Client
}

// NewWebhook reads the address from a file.
func NewWebhook(file, format string) (*Webhook, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the address for alerts (alert.url_file): %w", err)
	}
	address := strings.TrimSpace(string(b))
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the file %s (alert.url_file) holds no http or https URL", file)
	}
	return &Webhook{url: secret.New(address), format: format, client: &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send sends a message. Its errors do not show the address.
func (h *Webhook) Send(ctx context.Context, m Message) error {
	b, err := json.Marshal(m.body(h.format))
	if err != nil {
		return fmt.Errorf("encode an alert: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url.Reveal(), bytes.NewReader(b))
	if err != nil {
		return errors.New("send an alert: the address is no URL")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.client.Do(req)
	if err != nil {
		return fmt.Errorf("send an alert: %w", bare(err))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("send an alert: its receiver answered %s", resp.Status)
	}
	return nil
}

// bare is an error without the address that net/http puts before it.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

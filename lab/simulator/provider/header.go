package provider

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Headers are the header fields of a request in the order and the case they were sent in.
type Headers []Header

// Header is one field.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Get gives the first value of the field called name in any case, or "".
func (h Headers) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// ReadHeaders reads a header block as it was on the wire.
func ReadHeaders(raw string) Headers {
	var h Headers
	for line := range strings.SplitSeq(raw, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			h = append(h, Header{name, strings.TrimSpace(value)})
		}
	}
	return h
}

// Bearer gives the token of an Authorization field, or "".
func (c *Call) Bearer() string {
	scheme, token, _ := strings.Cut(c.Header.Get("authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Values are the query; what cannot be read of it is missing.
func (c *Call) Values() url.Values {
	values, _ := url.ParseQuery(c.Query)
	return values
}

// ID is a made-up identifier: as long as real ones, the same in every run, and with the request's number in it.
func (c *Call) ID(prefix string) string { return fmt.Sprintf("%ssim%018d", prefix, c.Number) }

// Field renders a header line, or nothing when there is no value.
func Field(name, value string) string {
	if value == "" {
		return ""
	}
	return name + ": " + value + "\r\n"
}

// IntField renders a header line with a number.
func IntField(name string, value int64) string { return Field(name, strconv.FormatInt(value, 10)) }

// Seconds are as many whole ones as d takes.
func Seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

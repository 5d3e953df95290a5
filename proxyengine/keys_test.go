package proxyengine_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"crs/lab/crstest"
)

// TestAKeyGoesNowhere puts the relay's key everywhere in a request where it does not belong, in every spelling: it is not in what
// goes upstream before the body, nor in the log, nor in the record.
func TestAKeyGoesNowhere(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	b.Account("a")
	b.AccountOn("gemini-api", "g")
	key := b.Key("k")
	percent, mixed := "", ""
	for i, c := range []byte(key) {
		percent += fmt.Sprintf("%%%02x", c)
		mixed += map[bool]string{true: fmt.Sprintf("%%%02X", c), false: string(c)}[i%3 == 0]
	}
	spelled := map[string]string{
		"plain": key, "percent": percent, "mixed": mixed, "twice": url.QueryEscape(percent), "base64": base64.StdEncoding.EncodeToString([]byte("user:" + key)), "hex": hex.EncodeToString([]byte(key)), "capitals": strings.ToUpper(key), "bare": key[len("cr_"):], "bare capitals": strings.ToUpper(key[len("cr_"):]),
	}
	const rest = "beta=true&x=a%20b;y=1"
	for how, text := range spelled {
		queries := map[string]string{}
		for _, name := range []string{"key", "KEY", "Key", "k%65y", "%6b%65%79", "%256bey", "api_key", "api-key", "apikey", "x-api-key", "X-Goog-Api-Key", "access_token", "Authorization", "anything", "", "model"} {
			queries["?"+name] = name + "=" + url.QueryEscape(text) + "&" + rest
			queries["? … "+name] = rest + "&" + name + "=" + text
			queries["?;"+name] = rest + ";" + name + "=Bearer%20" + text
			queries["? twice "+name] = "key=x&" + rest + "&" + name + "=" + text
		}
		queries["alone"] = text + "&" + rest
		for where, query := range queries {
			before := len(b.Sim.Requests())
			req := b.Request(t.Context(), key, crstest.Hello)
			req.URL.RawQuery = query
			got := b.Do(req)
			all := b.Sim.Requests()
			if got.Status != 200 || len(all) != before+1 {
				t.Fatalf("%s, %s: %d %s", how, where, got.Status, got.Body)
			}
			if seen := all[len(all)-1].Query; seen != rest {
				t.Errorf("%s, %s: upstream got %s", how, where, seen)
			}
		}
		for _, name := range []string{"anthropic-key", "x-stainless-key", "User-Agent", "x-app", "anthropic-beta", "Accept-Language"} {
			if strings.HasSuffix(how, "capitals") && name == "User-Agent" {
				continue // http.Header would refuse nothing of it; one is enough
			}
			got := b.Post(key, crstest.Hello, name, "before "+text+" after")
			all := b.Sim.Requests()
			if seen := fmt.Sprint(all[len(all)-1].Header); got.Status != 200 || strings.Contains(seen, text) {
				t.Errorf("%s in %s: %d, upstream got %s", how, name, got.Status, seen)
			}
		}
		before := len(b.Sim.Requests())
		for _, path := range []string{"/gemini/v1beta/models/" + text + ":generateContent", "/nowhere/" + text, "/gemini/v1beta/models/gemini-2.5-pro:" + text} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+path, strings.NewReader(`{"contents":[]}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("x-goog-api-key", key)
			if got := b.Do(req); got.Status != 400 && got.Status != 404 || strings.Contains(got.Body, key) {
				t.Errorf("%s: %d %s", path, got.Status, got.Body)
			}
		}
		if got := b.Post(key, strings.Replace(crstest.Hello, "claude-opus-4-8", text, 1)); got.Status != 400 || strings.Contains(got.Body, text) {
			t.Errorf("%s as a model: %d %s", how, got.Status, got.Body)
		}
		if n := len(b.Sim.Requests()); n != before {
			t.Errorf("%s: %d requests with it in their path went upstream", how, n-before)
		}
	}
	b.Idle()
	log := b.Log.String()
	records := fmt.Sprintf("%+v", b.Newest(2000))
	for how, text := range spelled {
		if strings.Contains(log, text) || strings.Contains(log, url.QueryEscape(text)) {
			t.Errorf("the log has it, %s", how)
		}
		if strings.Contains(records, text) {
			t.Errorf("the records have it, %s", how)
		}
	}
}

// TestAnUnknownKeyOfAnyShapeIsNotLogged: what was presented is nobody's business, even if it is no key here.
func TestAnUnknownKeyOfAnyShapeIsNotLogged(t *testing.T) {
	t.Parallel()
	b := crstest.Start(t)
	const strange = "team-secret-2024-hunter2"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+"/nowhere/"+strange+"?x="+strange, io.NopCloser(strings.NewReader("{}")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strange)
	got := b.Do(req)
	if got.Status != 404 || strings.Contains(got.Body, strange) || strings.Contains(b.Log.String(), strange) {
		t.Errorf("%d %s\n%s", got.Status, got.Body, b.Log)
	}
}

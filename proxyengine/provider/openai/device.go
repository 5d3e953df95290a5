package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"crs/internal/account"
	"crs/internal/secret"
	"crs/proxyengine/provider"
)

const (
	codeLasts       = 15 * time.Minute
	defaultInterval = 5 * time.Second
)

// BeginDevice implements provider.DeviceAuthorizer (protocols.md, E.1).
func (p *Provider) BeginDevice(ctx context.Context, call provider.Call, platform string) (*provider.Device, error) {
	if platform != Subscription {
		return nil, provider.NoLogin(platform, "login")
	}
	r, err := call(ctx, p.deviceRequest("usercode", map[string]string{"client_id": p.clientID}))
	switch {
	case err != nil:
		return nil, fmt.Errorf("begin a login on another device: %w", err)
	case r.Status == http.StatusNotFound:
		return nil, errors.New("logins on another device are not enabled for ChatGPT here; enable them in ChatGPT's security settings, or log in without --device")
	case r.Status/100 != 2:
		return nil, fmt.Errorf("begin a login on another device: the provider answered %d", r.Status)
	}
	answer := gjson.ParseBytes(r.Body)
	handle, code := answer.Get("device_auth_id").String(), cmp.Or(answer.Get("user_code").String(), answer.Get("usercode").String())
	if !gjson.ValidBytes(r.Body) || handle == "" || code == "" {
		return nil, errors.New("begin a login on another device: the provider's answer has no code")
	}
	return &provider.Device{
		Platform: platform, URL: p.devicePage + "/codex/device", Code: code, Handle: secret.New(handle),
		Interval: interval(answer.Get("interval").String()), Ends: p.now().Add(codeLasts),
	}, nil
}

func interval(text string) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= 60 {
		return time.Duration(n) * time.Second
	}
	return defaultInterval
}

func (p *Provider) deviceRequest(what string, body map[string]string) *provider.Outbound {
	return provider.JSON(p.device, "/api/accounts/deviceauth/"+what, body)
}

// PollDevice implements provider.DeviceAuthorizer.
func (p *Provider) PollDevice(ctx context.Context, call provider.Call, d *provider.Device, acc *account.Account) (bool, error) {
	if !p.now().Before(d.Ends) {
		return false, &provider.BadCode{Why: "the code was not typed in time; begin the login again"}
	}
	r, err := call(ctx, p.deviceRequest("token", map[string]string{"device_auth_id": d.Handle.Reveal(), "user_code": d.Code}))
	switch {
	case err != nil:
		return false, fmt.Errorf("ask whether the login has been agreed to: %w", err)
	case r.Status == http.StatusForbidden, r.Status == http.StatusNotFound: // not yet
		return false, nil
	case r.Status == http.StatusTooManyRequests:
		d.Interval += defaultInterval
		return false, nil
	case r.Status/100 != 2:
		return false, fmt.Errorf("ask whether the login has been agreed to: the provider answered %d", r.Status)
	}
	answer := gjson.ParseBytes(r.Body)
	code, verifier := answer.Get("authorization_code").String(), answer.Get("code_verifier").String()
	if !gjson.ValidBytes(r.Body) || code == "" || verifier == "" {
		return false, errors.New("the login was agreed to, but the provider's answer has no code")
	}
	err = p.exchange(ctx, call, code, secret.New(verifier), p.devicePage+"/deviceauth/callback", acc)
	return err == nil, err
}

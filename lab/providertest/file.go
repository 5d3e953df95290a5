package providertest

import (
	"strings"
	"testing"

	"crs/internal/account"
	"crs/proxyengine/provider"
)

// others are what other tools save, and what is no login at all. None of it may be taken for this provider's.
func others() map[string]string {
	return map[string]string{
		"Claude Code's": `{"claudeAiOauth":{"accessToken":"sk-ant-oat01-hush","refreshToken":"sk-ant-ort01-hush","expiresAt":4102444800000,"scopes":["user:inference"]}}`,
		"Codex's":       `{"OPENAI_API_KEY":null,"tokens":{"id_token":"hush.hush.hush","access_token":"hush","refresh_token":"hush","account_id":"acct-hush"},"last_refresh":"2026-01-01T00:00:00Z"}`,
		"Gemini CLI's":  `{"access_token":"ya29.hush","refresh_token":"1//hush","scope":"openid","token_type":"Bearer","expiry_date":4102444800000}`,
		"Droid's":       `{"access_token":"eyJhbGciOiJub25lIn0.hush.hush","refresh_token":"hush","organization_id":"org_hush"}`,
		"Google's ADC":  `{"client_id":"hush.apps","client_secret":"hush","refresh_token":"1//hush","type":"authorized_user"}`,
		"a key":         "sk-hush-0123456789\n", "nothing": "", "null": "null", "an array": `["hush"]`, "a number": "7", "half a file": `{"tokens":{"access_token":"hush`,
		"strings":   `{"claudeAiOauth":"hush","tokens":"hush","access_token":7,"refresh_token":{"hush":1},"OPENAI_API_KEY":["hush"]}`,
		"an object": `{}`, "empty tokens": `{"claudeAiOauth":{"accessToken":""},"tokens":{"access_token":""},"access_token":"","refresh_token":""}`,
		"binary": "\x00\xff\xfehush",
	}
}

func (s *Suite) files(t *testing.T, p provider.Importer) {
	t.Parallel()
	if len(s.Files) == 0 {
		t.Fatal("files are imported, and the suite has none")
	}
	for platform, file := range s.Files {
		acc := &account.Account{Name: "a", Platform: platform}
		if err := p.Import(platform, []byte(file), acc); err != nil || acc.Validate() != nil || acc.Credential.Dead(s.Now) {
			t.Fatalf("%s: %v, %v", platform, err, acc.Validate())
		}
		s.foreign(t, p, platform, file)
		s.halves(t, p, platform, file, acc)
	}
	for platform := range s.Provider.Platforms() {
		if s.Files[platform] == "" {
			if err := p.Import(platform, []byte("{}"), new(account.Account)); err == nil {
				t.Errorf("%s: a file was imported, and the suite has none", platform)
			}
		}
	}
}

// foreign: another tool's file is refused with a word on which one is meant, and never shown.
func (s *Suite) foreign(t *testing.T, p provider.Importer, platform, own string) {
	t.Helper()
	for name, file := range others() {
		acc := &account.Account{Name: "a", Platform: platform}
		err := p.Import(platform, []byte(file), acc)
		if s.mine(name) {
			continue
		}
		if err == nil {
			t.Errorf("%s: %s file was taken for one of %q", platform, name, own[:min(len(own), 20)])
			continue
		}
		if strings.Contains(err.Error(), "hush") || len(err.Error()) < 20 {
			t.Errorf("%s, %s: %v", platform, name, err)
		}
		if !acc.Credential.Secret.Empty() {
			t.Errorf("%s, %s: a refused file left a credential behind", platform, name)
		}
	}
}

// mine reports whether a file of that name is this provider's own.
func (s *Suite) mine(name string) bool {
	return map[string]string{"Claude Code's": "claude", "Codex's": "openai", "Gemini CLI's": "gemini", "Droid's": "droid"}[name] == s.Provider.Name()
}

// halves cuts a good file at every byte: it is refused, and nothing of it is shown.
func (s *Suite) halves(t *testing.T, p provider.Importer, platform, file string, whole *account.Account) {
	t.Helper()
	for end := range len(strings.TrimSpace(file)) {
		err := p.Import(platform, []byte(file[:end]), new(account.Account))
		if err == nil {
			t.Errorf("%s: the first %d bytes of a file were imported", platform, end)
			return
		}
		for _, secret := range []string{whole.Credential.Secret.Reveal(), whole.Credential.Refresh.Reveal()} {
			if secret != "" && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", platform, err)
			}
		}
	}
}

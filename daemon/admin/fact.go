package admin

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"crs/ctl"
	"crs/internal/account"
	"crs/internal/audit"
)

// noun is what an action is done to.
func (a Action) noun() string {
	noun, _, _ := strings.Cut(string(a), ".")
	return noun
}

// facts are what is told of something, by the paths of its fields in JSON. What is told is never a secret; so neither are facts.
type facts map[string]string

// factsOf leaves out fields that are said elsewhere in an entry, or that change by themselves.
func factsOf(shown any, without ...string) facts {
	text, err := json.Marshal(shown)
	if err != nil {
		return nil // ctl's types can be encoded
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return nil
	}
	for _, name := range append(without, "id", "name", "version", "created_at") {
		delete(fields, name)
	}
	f := facts{}
	f.flatten("", fields)
	return f
}

func (f facts) flatten(prefix string, fields map[string]any) {
	for name, value := range fields {
		if inner, ok := value.(map[string]any); ok {
			f.flatten(prefix+name+".", inner)
			continue
		}
		f[prefix+name] = textOf(value)
	}
}

func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		all := make([]string, len(v))
		for i := range v {
			all[i] = textOf(v[i])
		}
		return strings.Join(all, ", ")
	}
	text, _ := json.Marshal(value) // it was decoded from JSON
	return string(text)
}

// changed is what differs, by field. Of something that is new or gone, nil facts, it is what is not as it would be anyway.
func changed(before, after facts) []audit.Change {
	var all []audit.Change
	fields := facts{}
	maps.Copy(fields, before)
	maps.Copy(fields, after)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		was, is := before[name], after[name]
		if was == is || (before == nil || after == nil) && slices.Contains([]string{"0", "false"}, was+is) {
			continue
		}
		all = append(all, audit.Change{Field: name, Before: was, After: is})
	}
	return all
}

// factsOfAccount are those that an operator changes, and what a login does.
func (o *Operations) factsOfAccount(a *account.Account) facts {
	return factsOf(o.show(a), "state", "until", "why", "rests", "windows", "in_use", "last_used_at", "failures", "last_error", "last_error_at")
}

// changedAccount also tells that a secret is another one, without saying which.
func (o *Operations) changedAccount(before, after *account.Account) []audit.Change {
	was, is := o.factsOfAccount(before), o.factsOfAccount(after)
	if isAnother(&before.Credential, &after.Credential) {
		is["credential"] += " (another one)"
	}
	if !before.Proxy.Equal(after.Proxy) && was["proxy"] == is["proxy"] {
		is["proxy"] += " (other credentials)"
	}
	return changed(was, is)
}

// isAnother reports whether an account has been given another credential. A token that is refreshed by itself does not tell: what it is
// refreshed with does.
func isAnother(before, after *account.Credential) bool {
	if after.Refresh.Empty() {
		return !before.Secret.Equal(after.Secret)
	}
	return !before.Refresh.Equal(after.Refresh)
}

func factsOfKey(k ctl.Key) facts { return factsOf(k, "use") }

package key

import (
	"strings"

	"crs/internal/limit"
)

// pack puts keys next to each other, and their texts too. A hundred thousand of them are then some hundred objects instead
// of half a million, and the garbage collector is through with them in a fraction of the time.
func pack(keys []*Key) {
	room := make([]Key, len(keys))
	var texts []*string
	entries := make([]string, 0, entriesOf(keys))
	rules := make([]limit.Rule, 0, rulesOf(keys))
	for i, k := range keys {
		room[i] = *k
		keys[i] = &room[i]
		for _, list := range room[i].lists() {
			if len(*list) > 0 {
				first := len(entries)
				entries = append(entries, *list...)
				*list = entries[first:len(entries):len(entries)] // whoever appends to it gets another one
			}
		}
		if of := &room[i].Policy.Limits; len(of.Rules) > 0 {
			first := len(rules)
			rules = append(rules, of.Rules...)
			of.Rules = rules[first:len(rules):len(rules)]
		}
		texts = append(texts, room[i].texts()...)
	}
	for i := range entries {
		texts = append(texts, &entries[i])
	}
	join(texts)
}

func entriesOf(keys []*Key) (n int) {
	for _, k := range keys {
		for _, list := range k.lists() {
			n += len(*list)
		}
	}
	return n
}

func rulesOf(keys []*Key) (n int) {
	for _, k := range keys {
		n += len(k.Policy.Limits.Rules)
	}
	return n
}

// join makes texts parts of one.
func join(texts []*string) {
	size := 0
	for _, s := range texts {
		size += len(*s)
	}
	var all strings.Builder
	all.Grow(size)
	for _, s := range texts {
		from := all.Len()
		all.WriteString(*s)
		*s = all.String()[from:]
	}
}

// lists are the lists in a key.
func (k *Key) lists() []*[]string {
	p := &k.Policy
	return []*[]string{&k.Tags, &p.AllowModels, &p.DenyModels, &p.Clients, &p.Permissions}
}

// texts are the texts of a key that are in no list.
func (k *Key) texts() []*string {
	return []*string{&k.ID, &k.Name, &k.Hint, &k.Policy.Account, &k.Policy.Group}
}

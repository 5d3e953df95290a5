package key

import "crypto/sha256"

// index finds keys. There may be a hundred thousand, of which each garbage collection would follow every pointer: so its maps
// have none, and there is one to each key.
type index struct {
	keys   []*Key  // nil at a place that is free
	free   []int32 // places
	byHash map[Digest]int32
	byID   map[textSum]int32
	byName map[textSum]int32
}

// textSum stands for a text.
type textSum [16]byte

func sumOf(text string) textSum {
	sum := sha256.Sum256([]byte(text))
	return textSum(sum[:])
}

func newIndex(room int) index {
	return index{
		keys: make([]*Key, 0, room), byHash: make(map[Digest]int32, room), byID: make(map[textSum]int32, room), byName: make(map[textSum]int32, room),
	}
}

// hash gives the key with a digest, nil when there is none. id and name do likewise.
func (x *index) hash(d Digest) *Key {
	if at, ok := x.byHash[d]; ok {
		return x.keys[at]
	}
	return nil
}

func (x *index) id(id string) *Key { return x.at(x.byID, id) }

func (x *index) name(name string) *Key { return x.at(x.byName, name) }

func (x *index) at(by map[textSum]int32, text string) *Key {
	if at, ok := by[sumOf(text)]; ok {
		return x.keys[at]
	}
	return nil
}

// add takes in a key whose id is not known.
func (x *index) add(k *Key) {
	at := int32(len(x.keys))
	if n := len(x.free); n > 0 {
		at, x.free = x.free[n-1], x.free[:n-1]
		x.keys[at] = k
	} else {
		x.keys = append(x.keys, k)
	}
	x.byHash[k.Digest], x.byID[sumOf(k.ID)], x.byName[sumOf(k.Name)] = at, at, at
}

// remove takes out the key with an id, and gives it; nil when there is none. Another may have its name or hash by now, which
// stay that one's.
func (x *index) remove(id string) *Key {
	at, ok := x.byID[sumOf(id)]
	if !ok {
		return nil
	}
	k := x.keys[at]
	x.keys[at] = nil
	x.free = append(x.free, at)
	delete(x.byID, sumOf(id))
	if x.byHash[k.Digest] == at {
		delete(x.byHash, k.Digest)
	}
	if name := sumOf(k.Name); x.byName[name] == at {
		delete(x.byName, name)
	}
	return k
}

// len counts the keys.
func (x *index) len() int { return len(x.byID) }

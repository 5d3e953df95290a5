package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"
)

// SocketPath gives the socket on which a client finds the daemon. It reads only what it needs and reports no mistake in
// the configuration, which is the daemon's to do.
//
// A flag decides, then CRS_SOCKET. Otherwise it is the first place accepted by present, of those where a daemon may be:
// the user's own, then the system's, which members of group crs may use. When none is accepted, it is the user's own.
// A nil present accepts a path where something exists.
func SocketPath(src Source, present func(path string) bool) string {
	if named := cmp.Or(src.Flags["socket"], src.getenv("CRS_SOCKET")); named != "" {
		return absolute(named)
	}
	if present == nil {
		present = func(path string) bool { _, err := os.Stat(path); return err == nil }
	}
	places := src.socketPlaces()
	return places[max(0, slices.IndexFunc(places, present))]
}

// socketPlaces lists where the socket may be, the likeliest first; there is always one.
func (src Source) socketPlaces() []string {
	place, err := src.place()
	own := cmp.Or(socketIn(place.Config), place.Socket)
	if own != "" && (src.UID == 0 || src.namesPlace()) {
		return []string{own}
	}
	system := systemPaths()
	theirs := cmp.Or(socketIn(system.Config), system.Socket)
	if err != nil {
		return []string{theirs}
	}
	// The daemon may have been started by a session that had a runtime directory when this one has none, or the reverse.
	session := fmt.Sprintf("/run/user/%d/crs/crs.sock", src.UID)
	return []string{own, session, filepath.Join(place.Data, "crs.sock"), theirs}
}

// namesPlace reports whether the operator said which daemon is meant.
func (src Source) namesPlace() bool {
	return src.namesFile() || src.Flags["data"] != "" || src.getenv("CRS_DATA") != ""
}

// socketIn gives the socket that a file sets; empty when it sets none or cannot be read.
func socketIn(file string) string {
	doc, _ := os.ReadFile(file)
	tree := map[string]any{}
	err := toml.Unmarshal(doc, &tree)
	socket, _ := tree["socket"].(string)
	if err != nil || !isSocketPath(socket) {
		return ""
	}
	return socket
}

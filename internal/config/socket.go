package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

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
		present = exists
	}
	places := src.socketPlaces()
	for _, place := range places {
		if present(place) {
			return place
		}
	}
	return places[0]
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// socketIn gives the socket that a file sets; empty when it sets none or cannot be read.
func socketIn(file string) string {
	doc, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	tree := map[string]any{}
	socket := ""
	if toml.Unmarshal(doc, &tree) == nil {
		socket, _ = tree["socket"].(string)
	}
	if !isSocketPath(socket) {
		return ""
	}
	return socket
}

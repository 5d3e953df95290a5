package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"crs/internal/config"
)

func TestDefaultPaths(t *testing.T) {
	t.Parallel()
	system := config.Paths{Config: "/etc/crs/config.toml", Data: "/var/lib/crs", Socket: "/run/crs/crs.sock"}
	tests := []struct {
		name string
		uid  int
		dir  string
		env  map[string]string
		want config.Paths
	}{
		{name: "root", want: system},
		{name: "root with a session", env: map[string]string{"HOME": "/root", "XDG_DATA_HOME": "/x", "XDG_RUNTIME_DIR": "/r"}, want: system},
		{
			name: "a user", uid: 1000, env: map[string]string{"HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/1000"},
			want: config.Paths{Config: "/home/u/.config/crs/config.toml", Data: "/home/u/.local/share/crs", Socket: "/run/user/1000/crs/crs.sock"},
		},
		{
			name: "a user with directories of their own", uid: 1000,
			env:  map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"},
			want: config.Paths{Config: "/c/crs/config.toml", Data: "/d/crs", Socket: "/r/crs/crs.sock"},
		},
		{
			name: "a user without a session", uid: 1000, env: map[string]string{"HOME": "/home/u"},
			want: config.Paths{Config: "/home/u/.config/crs/config.toml", Data: "/home/u/.local/share/crs", Socket: "/home/u/.local/share/crs/crs.sock"},
		},
		{
			name: "relative directories do not count", uid: 1000,
			env:  map[string]string{"HOME": "/home/u", "XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "./d", "XDG_RUNTIME_DIR": "r"},
			want: config.Paths{Config: "/home/u/.config/crs/config.toml", Data: "/home/u/.local/share/crs", Socket: "/home/u/.local/share/crs/crs.sock"},
		},
		{
			name: "a user with a directory", uid: 1000, dir: "/srv/d", env: map[string]string{"HOME": "/home/u", "XDG_RUNTIME_DIR": "/r"},
			want: config.Paths{Config: "/srv/d/config.toml", Data: "/srv/d", Socket: "/srv/d/crs.sock"},
		},
		{
			name: "a service that systemd gave directories", uid: 990,
			env:  map[string]string{"HOME": "/var/lib/crs", "CONFIGURATION_DIRECTORY": "/etc/crs", "STATE_DIRECTORY": "/var/lib/crs", "RUNTIME_DIRECTORY": "/run/crs"},
			want: system,
		},
		{
			name: "called from another service", uid: 990,
			env:  map[string]string{"HOME": "/home/u", "CONFIGURATION_DIRECTORY": "/etc/runner", "STATE_DIRECTORY": "/var/lib/runner", "RUNTIME_DIRECTORY": "/run/runner"},
			want: config.Paths{Config: "/home/u/.config/crs/config.toml", Data: "/home/u/.local/share/crs", Socket: "/home/u/.local/share/crs/crs.sock"},
		},
		{
			name: "root with a directory", dir: "/srv/d",
			want: config.Paths{Config: "/srv/d/config.toml", Data: "/srv/d", Socket: "/srv/d/crs.sock"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.DefaultPaths(func(name string) string { return tt.env[name] }, tt.uid, tt.dir)
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestAUserWithoutAHomeIsToldToNameADirectory(t *testing.T) {
	t.Parallel()
	for _, home := range []string{"", "relative"} {
		getenv := func(name string) string { return map[string]string{"HOME": home, "XDG_CONFIG_HOME": "/c"}[name] }
		if got, err := config.DefaultPaths(getenv, 1000, ""); err == nil {
			t.Errorf("HOME=%q: %+v", home, got)
		}
	}
}

func TestAClientFindsTheSocket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.toml"), "socket = '/from/file.sock'\nunknown = 1")
	broken := filepath.Join(t.TempDir(), "broken.toml")
	write(t, broken, "socket = '/from/file.sock'\n[")
	relative := filepath.Join(t.TempDir(), "relative.toml")
	write(t, relative, "socket = 'file.sock'")
	const own, session, data = "/r/crs/crs.sock", "/run/user/1000/crs/crs.sock", "/home/u/.local/share/crs/crs.sock"
	const system = "/run/crs/crs.sock"
	home := []string{"HOME=/home/u"}
	login := []string{"HOME=/home/u", "XDG_RUNTIME_DIR=/r"}

	tests := []struct {
		name    string
		src     config.Source
		present []string
		want    string
	}{
		{"by flag", config.Source{Flags: map[string]string{"socket": "/f.sock"}, Environ: []string{"CRS_SOCKET=/e.sock"}}, []string{system}, "/f.sock"},
		{"by variable", config.Source{Environ: []string{"CRS_SOCKET=/e.sock"}}, []string{system}, "/e.sock"},
		{"of root", config.Source{}, []string{own}, system},
		{"in a directory by flag", config.Source{UID: 1000, Flags: map[string]string{"data": "/srv/d"}, Environ: login}, []string{own, system}, "/srv/d/crs.sock"},
		{"in a directory by variable", config.Source{UID: 1000, Environ: append(login, "CRS_DATA=/srv/d")}, []string{own, system}, "/srv/d/crs.sock"},
		{"set in the directory's file", config.Source{UID: 1000, Flags: map[string]string{"data": dir}}, nil, "/from/file.sock"},
		{"in a broken file", config.Source{UID: 1000, File: broken, Environ: login}, nil, own},
		{"at a relative path in a file", config.Source{UID: 1000, File: relative, Environ: login}, nil, own},
		{"nothing runs", config.Source{UID: 1000, Environ: login}, nil, own},
		{"of the user before the system's", config.Source{UID: 1000, Environ: login}, []string{system, own}, own},
		{"of a daemon started outside a session", config.Source{UID: 1000, Environ: login}, []string{system, data}, data},
		{"of a daemon in a session, from outside", config.Source{UID: 1000, Environ: home}, []string{system, session}, session},
		{"of the system", config.Source{UID: 1000, Environ: login}, []string{system}, system},
		{"of a user without a home", config.Source{UID: 1000}, nil, system},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			present := func(path string) bool {
				for _, p := range tt.present {
					if p == path {
						return true
					}
				}
				return false
			}
			if got := config.SocketPath(tt.src, present); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestASocketIsLookedForWhereSomethingIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src := config.Source{UID: 1000, Environ: []string{"HOME=/nonexistent", "XDG_RUNTIME_DIR=/nonexistent", "XDG_DATA_HOME=" + dir}}
	if got := config.SocketPath(src, nil); got == filepath.Join(dir, "crs/crs.sock") {
		t.Errorf("found %s before it existed", got)
	}
	if err := os.Mkdir(filepath.Join(dir, "crs"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "crs/crs.sock"), "")
	if got := config.SocketPath(src, nil); got != filepath.Join(dir, "crs/crs.sock") {
		t.Errorf("got %s", got)
	}
}

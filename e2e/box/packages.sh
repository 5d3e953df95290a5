#!/usr/bin/env bash
# Runs inside a throw-away Debian with systemd, as root, with two releases in /release/old and /release/new: the .deb from its
# installation to its purge, and the install script.
set -euo pipefail
fail() { echo "FAILED: $*" >&2; journalctl -u crs --no-pager -n 20 -o cat >&2 || true; exit 1; }
step() { echo "== $*"; }
exits() { local want=$1 got=0; shift; "$@" >/tmp/out 2>&1 || got=$?; [ "$got" = "$want" ] || { cat /tmp/out >&2; fail "$* exits with $got, not $want"; }; }
field() { crs status -o json | tr -d ' ,\n' | grep -qF "\"$1\":$2" || { crs status -o json >&2; fail "$1 is not $2"; }; }
export DEBIAN_FRONTEND=noninteractive

step install the old one
exits 0 dpkg -i /release/old/*.deb
field running true; field healthy true; field enabled true; field version '"0.0.1"'
dpkg-query -W -f '${Conffiles}' crs | grep -q /etc/crs/config.toml || fail "config.toml is no conffile"
[ "$(stat -c '%U:%G %a' /etc/crs/config.toml)" = "root:crs 640" ] || fail "config.toml: $(stat -c '%U:%G %a' /etc/crs/config.toml)"
cmp /src/systemd/crs.service /usr/lib/systemd/system/crs.service || fail "another unit than systemd/crs.service"
for f in /usr/share/man/man1/crs.1.gz /usr/share/man/man1/crs-key-create.1.gz /usr/share/bash-completion/completions/crs /usr/share/doc/crs/copyright; do [ -s "$f" ] || dpkg -L crs | grep -qx "$f" || fail "no $f"; done
systemd-analyze verify /usr/lib/systemd/system/crs.service
systemd-analyze security --no-pager --threshold=20 crs.service | tail -1
exits 0 crs key create alice

step crs install leaves a package alone, and so does crs uninstall
exits 0 crs install --now
[ ! -e /etc/systemd/system/crs.service ] || fail "a second unit"
exits 6 crs uninstall
grep -q 'apt remove crs' /tmp/out || fail "no hint: $(cat /tmp/out)"

step upgrade
echo '# mine' >>/etc/crs/config.toml
exits 0 dpkg -i /release/new/*.deb
field running true; field healthy true; field version '"0.0.2"'; field keys 1
grep -q '# mine' /etc/crs/config.toml || fail "the configuration was overwritten"
[ "$(stat -c '%U:%G %a' /etc/crs/config.toml)" = "root:crs 640" ] || fail "config.toml: $(stat -c '%U:%G %a' /etc/crs/config.toml)"

step an upgrade starts nothing that was stopped
exits 0 crs stop
exits 0 dpkg -i /release/new/*.deb
exits 3 crs status
exits 0 crs start

step remove
exits 0 dpkg -r crs
[ ! -e /usr/bin/crs ] && ! systemctl is-active --quiet crs || fail "something is left"
[ -e /var/lib/crs/crs.db ] && [ -e /etc/crs/config.toml ] || fail "what it kept is gone"
exits 0 dpkg -i /release/new/*.deb
field keys 1

step a port that is taken does not keep the package from being installed
exits 0 dpkg -r crs
( exec /release/new/crs_0.0.2_linux_amd64 mock --listen 127.0.0.1:3000 >/dev/null ) & taken=$!
sleep 0.5
exits 0 dpkg -i /release/new/*.deb
grep -q 'crs status' /tmp/out || fail "it does not say so: $(cat /tmp/out)"
exits 3 crs status
kill $taken

step purge
exits 0 dpkg -P crs
[ ! -e /var/lib/crs ] && [ ! -e /etc/crs ] && ! id crs 2>/dev/null || fail "something is left"

step the install script
exits 0 sh /release/new/install.sh --from /release/new
hash -r
[ "$(crs --version)" = "crs 0.0.2" ] || fail "$(crs --version)"
rm /usr/local/bin/crs
tampered() { rm -rf /tmp/r; cp -r /release/new /tmp/r; }
tampered; echo x >>/tmp/r/crs_0.0.2_linux_amd64
exits 1 sh /tmp/r/install.sh --from /tmp/r
grep -q 'is not the file that was released' /tmp/out || fail "$(cat /tmp/out)"
tampered; sed -i 's/^[0-9a-f]/0/' /tmp/r/SHA256SUMS
exits 1 sh /tmp/r/install.sh --from /tmp/r
grep -q 'signature of SHA256SUMS is not good' /tmp/out || fail "$(cat /tmp/out)"
tampered; cp /release/old/SHA256SUMS* /tmp/r/
exits 1 sh /tmp/r/install.sh --from /tmp/r
exits 1 sh /tmp/r/install.sh --from http://example.com/
grep -q 'fetched over https' /tmp/out || fail "$(cat /tmp/out)"
[ ! -e /usr/local/bin/crs ] || fail "something was installed"
step done

#!/usr/bin/env bash
# Runs inside a throw-away Debian with systemd, as root, with a built crs in /dist: a service from its installation to its end.
set -euo pipefail
fail() { echo "FAILED: $*" >&2; journalctl -u crs --no-pager -n 40 -o cat >&2 || true; exit 1; }
step() { echo "== $*"; }
# exits CODE COMMAND…
exits() { local want=$1 got=0; shift; "$@" >/tmp/out 2>&1 || got=$?; [ "$got" = "$want" ] || { cat /tmp/out >&2; fail "$* exits with $got, not $want"; }; }
field() { crs status -o json | tr -d ' ,\n' | grep -qF "\"$1\":$2" || { crs status -o json >&2; fail "$1 is not $2"; }; }
cp /dist/crs /root/crs

step a user may not, and is told what would do
useradd -m alice
exits 5 su alice -c '/dist/crs install --now'
grep -q 'sudo /dist/crs install --now' /tmp/out || fail "no command that would: $(cat /tmp/out)"
exits 4 /dist/crs start

step install, twice
exits 0 /root/crs install
[ "$(command -v crs)" = /usr/local/bin/crs ] || fail "crs is not in the path"
exits 0 crs install
exits 3 crs status
[ "$(stat -c '%U:%G %a' /etc/crs/config.toml)" = "root:crs 640" ] || fail "config.toml: $(stat -c '%U:%G %a' /etc/crs/config.toml)"
sed 's#/usr/bin/crs serve#/usr/local/bin/crs serve#' /src/systemd/crs.service | diff - /etc/systemd/system/crs.service || fail "another unit than systemd/crs.service"

step start, twice, and status
exits 0 crs start
exits 0 crs start
field running true; field healthy true; field installed true; field enabled true
[ "$(stat -c '%U:%G %a' /var/lib/crs)" = "crs:crs 700" ] || fail "the data directory is $(stat -c '%U:%G %a' /var/lib/crs)"
[ "$(stat -c '%U:%G %a' /run/crs/crs.sock)" = "crs:crs 660" ] || fail "the socket is $(stat -c '%U:%G %a' /run/crs/crs.sock)"
exits 5 su alice -c 'crs status'
usermod -aG crs alice
exits 0 su alice -c 'crs status'
exits 5 su alice -c 'crs stop'

step a stream through the service
crs mock --listen 127.0.0.1:4000 >/dev/null & mock=$!
printf '[providers.claude]\napi_url = "http://127.0.0.1:4000"\n' >>/etc/crs/config.toml
exits 0 crs restart
echo sk-ant-api03-box >/tmp/key
exits 0 crs account add claude-console work --api-key-file /tmp/key
key=$(crs key create me -o json | sed -n 's/.*"key": "\(cr_[^"]*\)".*/\1/p')
curl -sSN --fail-with-body http://127.0.0.1:3000/api/v1/messages -H "x-api-key: $key" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \
  -d '{"model":"claude-opus-4-8","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"ping"}]}' >/tmp/stream || fail "$(cat /tmp/stream)"
grep -q message_stop /tmp/stream || fail "the stream has no end: $(cat /tmp/stream)"
crs requests | grep -q claude-opus || fail "the request is not in the log"
crs logs -n 20 | grep -q 'serving' || fail "crs logs shows nothing"

step a daemon that dies comes back within two seconds
pid=$(systemctl show -P MainPID crs); kill -9 "$pid"
for i in $(seq 40); do crs status >/dev/null 2>&1 && break; sleep 0.1; done
[ "$i" -lt 40 ] || fail "it did not come back"
echo "   after $i tenths of a second"
[ "$(systemctl show -P MainPID crs)" != "$pid" ] || fail "the same process"

step a daemon that hangs is ended by the watchdog
mkdir -p /run/systemd/system/crs.service.d
printf '[Service]\nWatchdogSec=1\n' >/run/systemd/system/crs.service.d/fast.conf
systemctl daemon-reload; exits 0 systemctl restart crs
pid=$(systemctl show -P MainPID crs); kill -STOP "$pid"
for i in $(seq 100); do [ "$(systemctl show -P MainPID crs)" != "$pid" ] && crs status >/dev/null 2>&1 && break; sleep 0.1; done
[ "$i" -lt 100 ] || fail "it hangs on"
echo "   after $i tenths of a second"
rm -r /run/systemd/system/crs.service.d; systemctl daemon-reload; exits 0 systemctl restart crs

step bad input
exits 0 crs stop
( exec crs mock --listen 127.0.0.1:3000 >/dev/null ) & taken=$!
sleep 0.5
exits 1 crs start
grep -q 'address already in use' /tmp/out || fail "a taken port: $(cat /tmp/out)"
exits 3 crs status
grep -q 'address already in use' /tmp/out || fail "status does not say why: $(cat /tmp/out)"
kill $taken
echo 'listen = 7' >/tmp/bad; cat /etc/crs/config.toml >>/tmp/bad; cp /etc/crs/config.toml /tmp/good; cat /tmp/bad >/etc/crs/config.toml
exits 0 crs stop
exits 1 crs start
grep -q 'listen = 7' /tmp/out || fail "a bad configuration: $(cat /tmp/out)"
[ "$(systemctl show -P ActiveState crs)" = failed ] || fail "it tries again and again with a bad configuration"
cat /tmp/good >/etc/crs/config.toml
exits 0 crs start

exits 0 crs stop
exits 5 crs serve
grep -q 'belongs to user crs' /tmp/out && grep -q 'sudo crs start' /tmp/out || fail "root in the data of crs: $(cat /tmp/out)"
long=/tmp/$(printf 'x%.0s' $(seq 110))
exits 2 crs serve --data /tmp/d --socket "$long"
grep -q 'at most 103 bytes' /tmp/out && grep -q -- '--socket PATH' /tmp/out || fail "a long socket: $(cat /tmp/out)"
exits 2 crs status --socket "$long"

step TLS, and limits by address
ip address add 10.9.9.9/32 dev lo
mkdir -p /etc/crs/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=relay -addext subjectAltName=IP:10.9.9.9 -keyout /etc/crs/tls/key.pem -out /etc/crs/tls/cert.pem 2>/dev/null
chgrp crs /etc/crs/tls/key.pem; chmod 640 /etc/crs/tls/key.pem
cat >>/etc/crs/config.toml <<'TOML'
[limits]
connections_per_ip = 2
failed_auth = 3
[tls]
certificate = "/etc/crs/tls/cert.pem"
key = "/etc/crs/tls/key.pem"
TOML
sed -i '1i listen = "10.9.9.9:443"' /etc/crs/config.toml
exits 0 crs start
ask() { curl -sS -m 20 -o /tmp/answer -w '%{http_code}' --cacert /etc/crs/tls/cert.pem "https://10.9.9.9${1:-/health}" "${@:2}"; }
[ "$(ask)" = 200 ] || fail "over TLS: $(cat /tmp/answer)"
exec 7<>/dev/tcp/10.9.9.9/443 8<>/dev/tcp/10.9.9.9/443
sleep 0.3
[ "$(ask /api/v1/models)" = 429 ] || fail "a third connection: $(cat /tmp/answer)"
grep -q rate_limit_error /tmp/answer || fail "not in the client's words: $(cat /tmp/answer)"
exec 7>&- 8>&-
for i in $(seq 50); do [ "$(ask)" = 200 ] && break; sleep 0.1; done
for i in 1 2 3; do [ "$(ask /api/v1/models -H "x-api-key: cr_wrong")" = 401 ] || fail "failure $i: $(cat /tmp/answer)"; done
[ "$(ask /api/v1/models -H "x-api-key: cr_wrong")" = 429 ] || fail "after three failures: $(cat /tmp/answer)"
[ "$(ask /api/v1/models -H "x-api-key: $key")" = 200 ] || fail "a good key after three failures of others: $(cat /tmp/answer)"
crs logs -n 20 | grep -q 'from=10.9.9.9' || fail "the log does not say where they came from"
cat /tmp/good >/etc/crs/config.toml
exits 1 crs restart # an address cannot be changed without anybody noticing
grep -q 'crs stop' /tmp/out || fail "a new address to listen on: $(cat /tmp/out)"
exits 0 crs stop
exits 0 crs start

step the unit is right, and exposes little
systemd-analyze verify /etc/systemd/system/crs.service
systemd-analyze security --no-pager crs.service | tail -1
systemd-analyze security --no-pager --threshold=20 crs.service >/dev/null || fail "it exposes more than 2.0"

step a user has a service of their own
me=$(id -u alice)
install -d -o alice -m 700 "/run/user/$me"
systemd-run -q --unit=alice --uid=alice -p Delegate=yes -E HOME=/home/alice -E "XDG_RUNTIME_DIR=/run/user/$me" /lib/systemd/systemd --user
for i in $(seq 50); do [ -S "/run/user/$me/systemd/private" ] && break; sleep 0.1; done
as_alice() { su alice -c "export XDG_RUNTIME_DIR=/run/user/$me; $*"; }
as_alice 'mkdir -p ~/.config/crs && echo "listen = \"127.0.0.1:3001\"" >~/.config/crs/config.toml'
exits 0 as_alice 'crs install --user --now'
exits 0 as_alice 'systemd-analyze --user verify ~/.config/systemd/user/crs.service'
exits 0 as_alice 'crs status --user'
grep -q '127.0.0.1:3001' /tmp/out || fail "another daemon: $(cat /tmp/out)"
exits 0 as_alice 'crs restart --user'
exits 0 as_alice 'crs uninstall --user --purge --yes'
exits 2 crs install --user

step stop and uninstall
exits 0 crs stop
exits 0 crs stop
exits 3 crs status
exits 0 crs uninstall
[ -e /var/lib/crs/crs.db ] || fail "the data is gone"
exits 0 crs uninstall
exits 0 crs install --now
field keys 1
exits 0 crs uninstall --purge --yes
[ ! -e /var/lib/crs ] && [ ! -e /etc/crs ] || fail "purge left something"
! id crs 2>/dev/null || fail "purge left the user"
kill $mock
step done

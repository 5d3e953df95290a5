#!/usr/bin/env bash
# Runs inside a throw-away Debian with systemd, as root, with two releases in /release/old and /release/new: the service is
# updated and restarted while 200 streams run and new requests keep coming, and broken builds are rolled back by themselves.
set -euo pipefail
fail() { echo "FAILED: $*" >&2; journalctl -u crs --no-pager -n 40 -o cat >&2 || true; exit 1; }
step() { echo "== $*"; }
exits() { local want=$1 got=0; shift; "$@" >/tmp/out 2>&1 || got=$?; [ "$got" = "$want" ] || { cat /tmp/out >&2; fail "$* exits with $got, not $want"; }; }
field() { crs status -o json | tr -d ' ,\n' | grep -qF "\"$1\":$2" || { crs status -o json >&2; fail "$1 is not $2"; }; }
main_pid() { systemctl show -P MainPID crs; }
until_so() { local i; for i in $(seq 600); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; fail "it never came that: $*"; }
streams=200

step install the old version, start it, and a stream through it
install -m 755 /release/old/crs_0.0.1_linux_amd64 /root/crs
exits 0 /root/crs install
crs mock --listen 127.0.0.1:4000 --script 'sk-ant-api03-slow=loop:ok(events=500,gap=50ms); sk-ant-api03-quick=ok' >/dev/null & mock=$!
printf '[providers.claude]\napi_url = "http://127.0.0.1:4000"\n[timeouts]\ntakeover = "3s"\n' >>/etc/crs/config.toml
exits 0 crs start
for name in slow quick; do
  echo "sk-ant-api03-$name" >/tmp/key
  exits 0 crs account add claude-console $name --api-key-file /tmp/key
  crs key create $name --account $name -o json | sed -n 's/.*"key": "\(cr_[^"]*\)".*/\1/p' >"/tmp/$name"
done
ask() { # KEY STREAM URL…
  local key=$1 stream=$2; shift 2
  curl -sSN --fail-with-body "$@" -H "x-api-key: $key" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \
    -d "{\"model\":\"claude-opus-4-8\",\"max_tokens\":64,\"stream\":$stream,\"messages\":[{\"role\":\"user\",\"content\":\"ping\"}]}"
}
url=http://127.0.0.1:3000/api/v1/messages
ask "$(cat /tmp/quick)" true $url | grep -q message_stop || fail "no stream"
field version '"0.0.1"'

# load NAME: streams, requests on kept connections (a dozen on each), and requests on connections of their own, until /tmp/stop.
load() {
  rm -rf /tmp/load /tmp/stop; mkdir /tmp/load
  local n
  for n in $(seq $streams); do
    ( ask "$(cat /tmp/slow)" true $url >/tmp/load/stream.$n 2>&1 || echo "curl exits with $?" >>/tmp/load/failed ) &
  done
  for n in 1 2 3; do
    ( while [ ! -e /tmp/stop ]; do
        ask "$(cat /tmp/quick)" false $url $url $url $url $url $url $url $url $url $url $url $url >/tmp/load/kept.$n 2>&1 || { echo "kept: curl exits with $?" >>/tmp/load/failed; cat /tmp/load/kept.$n >>/tmp/load/failed; }
        echo 12 >>/tmp/load/answers
      done ) &
    ( while [ ! -e /tmp/stop ]; do
        ask "$(cat /tmp/quick)" true $url >/tmp/load/new.$n 2>&1 || { echo "new: curl exits with $?" >>/tmp/load/failed; cat /tmp/load/new.$n >>/tmp/load/failed; }
        echo 1 >>/tmp/load/answers
      done ) &
  done
  until_so sh -c "[ \$(crs status -o json | sed -n 's/.*\"in_flight\": \([0-9]*\).*/\1/p') -ge $streams ]"
}
settle() {
  sleep 1; touch /tmp/stop; wait $(jobs -p | grep -vx $mock)
  [ ! -e /tmp/load/failed ] || { sort /tmp/load/failed | uniq -c | head -20 >&2; fail "requests failed"; }
  local n
  for n in $(seq $streams); do grep -q message_stop /tmp/load/stream.$n || fail "stream $n was cut"; done
  until_so sh -c "crs status -o json | tr -d ' ,\n' | grep -q '\"in_flight\":0' && ! crs status -o json | grep -q leaving"
  sleep 1 # the roll-ups
  asked=$((asked + streams + $(paste -sd+ /tmp/load/answers | bc_sum)))
  local billed counted
  billed=$(curl -s http://127.0.0.1:4000/_sim/served | grep -o '"requests":[0-9]*' | cut -d: -f2 | paste -sd+ | bc_sum)
  counted=$(crs usage --since all -o json | tr -d ' \n' | sed 's/.*"total"//' | grep -o '"requests":[0-9]*' | head -1 | cut -d: -f2)
  [ "$asked" = "$billed" ] && [ "$billed" = "$counted" ] || fail "asked $asked, billed $billed, in the ledger $counted"
  echo "   $streams streams and $(paste -sd+ /tmp/load/answers | bc_sum) other requests, none failed; the ledger has all $counted"
}
bc_sum() { local text; read -r text; echo $((text)); }
asked=1

step update under load
load; old=$(main_pid)
exits 0 crs update --from /release/new --check
exits 0 crs update --from /release/new
cat /tmp/out
[ "$(main_pid)" != "$old" ] || fail "the main process is the old one"
field pid "$(main_pid)"; field version '"0.0.2"'; field leaving $streams
kill -0 "$old" || fail "the old process has ended before its streams"
settle
[ "$(crs --version) $(/usr/local/bin/crs.previous --version)" = "crs 0.0.2 crs 0.0.1" ] || fail "installed: $(crs --version)"
until_so sh -c "! kill -0 $old"
[ "$(systemctl is-active crs)" = active ] && [ "$(systemctl show -P NRestarts crs)" = 0 ] || fail "systemd does not see one service"

step restart under load
load; old=$(main_pid)
exits 0 crs restart
[ "$(main_pid)" != "$old" ] || fail "the main process is the old one"
settle

step a broken build is rolled back by itself
load; old=$(main_pid)
cp -r /release/new /tmp/broken
broken() { # WHAT IT SAYS, SCRIPT
  printf '#!/bin/sh\n[ "$1" = config ] && exit 0\n%s\n' "$2" >/tmp/broken/crs_0.0.2_linux_amd64
  cp /tmp/broken/crs_0.0.2_linux_amd64 /usr/local/bin/crs.broken; chmod 755 /usr/local/bin/crs.broken
  local got=0
  curl -s --unix-socket /run/crs/crs.sock -d '{"binary":"/usr/local/bin/crs.broken"}' http://crs/v1/restart >/tmp/out
  grep -q "$1" /tmp/out && grep -q 'runs on' /tmp/out || fail "a broken build: $(cat /tmp/out)"
  [ "$(main_pid)" = "$old" ] || fail "the main process is another one"
  field pid "$old"; field healthy true
}
broken 'exit code 3' 'exit 3'
broken 'within 3s' 'exec sleep 100'
broken 'it served, and then' '( exec 3>&- 4>&- 5>&- 6>&- 7>&-
for i in $(seq 100); do /usr/local/bin/crs status -o json 2>/dev/null | grep -q "\"pid\": $$," && break; sleep 0.05; done
sleep 0.2; kill -9 $$ ) & exec /usr/local/bin/crs "$@"'
# What the killed one had answered within its last tenth of a second is not in the ledger: only that is not compared.
sleep 1; touch /tmp/stop; wait $(jobs -p | grep -vx $mock)
for n in $(seq $streams); do grep -q message_stop /tmp/load/stream.$n || fail "stream $n was cut"; done


step a main process that dies is started again
pid=$(main_pid); kill -9 "$pid"
for i in $(seq 40); do crs status >/dev/null 2>&1 && [ "$(main_pid)" != "$pid" ] && break; sleep 0.1; done
[ "$i" -lt 40 ] || fail "it did not come back"
field healthy true

step stop, uninstall
exits 0 crs stop
exits 0 crs uninstall --purge --yes
kill $mock
step done

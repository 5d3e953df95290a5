#!/bin/sh
# Installs crs on Linux or macOS: fetches the binary for this machine, checks the signature of the release's checksums and the
# binary's checksum, and puts it into /usr/local/bin (or CRS_BIN_DIR). It does nothing else; then: sudo crs install --now
#
#   sh install.sh [--from URL|DIR] [--version VERSION]
set -eu

from='@FROM@'
version='@VERSION@'
key='@RELEASE_KEY@'
to=${CRS_BIN_DIR:-/usr/local/bin}

fail() { echo "error: $1" >&2; [ -z "${2:-}" ] || echo "hint: $2" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case "$1" in
    --from) from=${2:?--from needs a URL or a directory}; shift 2 ;;
    --version) version=${2:?--version needs a version}; shift 2 ;;
    *) fail "install.sh does not take $1" "usage: sh install.sh [--from URL|DIR] [--version VERSION]" ;;
  esac
done
case "$from" in
  https://* | /*) ;;
  '') fail "it is not known where releases are" "name the place: --from URL" ;;
  *) fail "releases are fetched over https, or from a directory with an absolute path; $from is neither" ;;
esac

case "$(uname -s)" in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  *) fail "there is no crs for $(uname -s) that this script installs" "for Windows, fetch crs_${version}_windows_amd64.exe from $from" ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "there is no crs for machines of type $(uname -m)" ;;
esac
file="crs_${version}_${os}_${arch}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {
  case "$from" in
    /*) cp "$from/$1" "$work/$1" 2>/dev/null || fail "there is no $1 in $from" ;;
    *)
      if command -v curl >/dev/null; then
        curl --proto '=https' --tlsv1.2 -fsSL -o "$work/$1" "$from/$1" || fail "cannot fetch $from/$1"
      elif command -v wget >/dev/null; then
        wget --https-only -q -O "$work/$1" "$from/$1" || fail "cannot fetch $from/$1"
      else
        fail "neither curl nor wget is here" "install one of them"
      fi ;;
  esac
}

# verify checks the signature of $1 in $1.minisig: with minisign, or with what OpenSSL 3 has.
verify() {
  if command -v minisign >/dev/null; then
    minisign -Vqm "$work/$1" -P "$key" >/dev/null || fail "the signature of $1 is not good; nothing was installed"
    return
  fi
  command -v openssl >/dev/null || fail "the signature cannot be checked here" "install minisign or OpenSSL 3"
  # A key is "Ed", eight bytes of id, and 32 of the key; a signature "ED" (of a BLAKE2b digest) or "Ed", the id, and 64 bytes.
  echo "$key" | openssl base64 -d -A >"$work/key"
  sed -n 2p "$work/$1.minisig" | openssl base64 -d -A >"$work/signature"
  [ "$(wc -c <"$work/key" | tr -d ' ')" = 42 ] && [ "$(wc -c <"$work/signature" | tr -d ' ')" = 74 ] || fail "the signature of $1 is none of minisign's; nothing was installed"
  bytes() { tail -c "+$2" "$1" | head -c "$3"; }
  [ "$(bytes "$work/key" 3 8 | openssl base64 -A)" = "$(bytes "$work/signature" 3 8 | openssl base64 -A)" ] || fail "$1 is signed with another key; nothing was installed"
  case "$(bytes "$work/signature" 1 2)" in
    ED) openssl dgst -blake2b512 -binary "$work/$1" >"$work/signed" || fail "the signature cannot be checked here" "install minisign" ;;
    Ed) cp "$work/$1" "$work/signed" ;;
    *) fail "the signature of $1 is none of minisign's; nothing was installed" ;;
  esac
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; bytes "$work/key" 11 32; } >"$work/key.der"
  bytes "$work/signature" 11 64 >"$work/bare"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/signed" -sigfile "$work/bare" >/dev/null 2>&1 ||
    fail "the signature of $1 is not good; nothing was installed" "or this OpenSSL is too old to check it: install minisign"
}

sum() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }

fetch SHA256SUMS
fetch SHA256SUMS.minisig
verify SHA256SUMS
want=$(sed -n "s/^\([0-9a-f]\{64\}\)  $file\$/\1/p" "$work/SHA256SUMS")
[ -n "$want" ] || fail "the release has no $file" "look at what there is: $from"
fetch "$file"
[ "$(sum "$work/$file")" = "$want" ] || fail "$file is not the file that was released; nothing was installed"

chmod 755 "$work/$file"
mkdir -p "$to" 2>/dev/null || true
if [ -w "$to" ]; then
  mv "$work/$file" "$to/.crs.new" && mv "$to/.crs.new" "$to/crs"
else
  fail "you may not write to $to" "call it with sudo, or say where: CRS_BIN_DIR=\$HOME/.local/bin"
fi
echo "crs $version is in $to/crs; see it work: crs demo; as a service: sudo crs install --now"

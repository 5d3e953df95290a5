#!/bin/sh
# Before the files go. Debian says "remove" or "upgrade", RPM how many versions will be left: 0 or 1.
set -e
case "$1" in
  remove | deconfigure | 0) ;;
  *) exit 0 ;;
esac
[ -d /run/systemd/system ] || exit 0
# A package that comes back is to start again, if this one did; to Debian that is no first installation.
if systemctl is-enabled --quiet crs.service && [ -d /etc/crs ]; then
  touch /etc/crs/.removed
fi
systemctl disable --now --quiet crs.service || true

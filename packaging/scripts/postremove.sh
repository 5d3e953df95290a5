#!/bin/sh
# After the files are gone. What crs kept goes with a purge only, which RPM does not have.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi
[ "$1" = purge ] || exit 0
rm -rf /var/lib/crs /etc/crs
if getent passwd crs >/dev/null; then
  userdel crs || true
fi

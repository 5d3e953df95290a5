#!/bin/sh
# After the files are there. Debian says "configure OLD-VERSION", RPM how many versions there are: 1 or 2.
set -e

first=no
case "$1" in
  configure) [ -n "$2" ] || first=yes ;;
  1) first=yes ;;
  2) ;;
  *) exit 0 ;;
esac
if [ -e /etc/crs/.removed ]; then
  rm /etc/crs/.removed
  first=yes
fi

if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers crs.conf
else
  getent group crs >/dev/null || groupadd --system crs
  getent passwd crs >/dev/null || useradd --system --gid crs --home-dir /var/lib/crs --no-create-home --shell /usr/sbin/nologin crs
fi
chgrp crs /etc/crs/config.toml
chmod 0640 /etc/crs/config.toml

[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ "$first" = yes ]; then
  systemctl enable --quiet crs.service
  # A port that is taken must not keep the package from being installed; crs status says what is wrong.
  systemctl start crs.service || echo "crs is installed but did not start; see why: crs status" >&2
elif systemctl is-active --quiet crs.service; then
  crs restart >/dev/null || systemctl restart crs.service || true
fi

#!/usr/bin/env bash
# Installs Debian packages without letting them start servers of their own, now or at the next boot: ours run in
# folders of the product, on ports of their own. Run as root: deploy/install_quietly.sh PACKAGE…
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes

# PostgreSQL's package makes and starts a cluster unless this says otherwise before it comes.
clusters=/etc/postgresql-common/createcluster.conf
if [[ " $* " == *" postgresql "* ]] && [ ! -e "$clusters" ]; then
  mkdir -p "$(dirname "$clusters")"
  echo 'create_main_cluster = false' >"$clusters"
fi

# Debian asks this file whether a freshly installed service may start (101: it may not).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi

apt-get update -q >/dev/null
# An existing answer of the administrator's to createcluster.conf is kept.
apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null

if [ -d /run/systemd/system ]; then
  for service in postgresql redis-server nginx; do
    if [[ " $* " == *" $service "* ]]; then systemctl disable -q "$service"; fi
  done
fi

#!/usr/bin/env bash
# Orthanc and dcmtk for the integration tests: installed where that is allowed, asked for where it is not.
set -euo pipefail
packages=(orthanc orthanc-dicomweb dcmtk)
policy=/usr/sbin/policy-rc.d

if command -v Orthanc >/dev/null && command -v storescu >/dev/null && compgen -G '/usr/share/orthanc/plugins/*DicomWeb*' >/dev/null; then
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Orthanc or dcmtk is missing; the tests that need them will say so. To install them:" >&2
  echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}" >&2
  exit 0
fi
# Debian starts Orthanc as a service when it is installed; the tests start their own. Services of others are left alone.
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\ncase "$1" in orthanc*) exit 101 ;; esac\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"

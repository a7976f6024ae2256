#!/usr/bin/env bash
# Orthanc and dcmtk for the integration tests: installed where that is allowed, asked for where it is not.
set -euo pipefail
packages="orthanc orthanc-dicomweb dcmtk"
if command -v Orthanc >/dev/null && command -v storescu >/dev/null && ls /usr/share/orthanc/plugins/*DicomWeb* >/dev/null 2>&1; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Debian starts Orthanc as a service on installing it; the tests start their own.
  printf '#!/bin/sh\nexit 101\n' > /tmp/policy-rc.d && [ -e /usr/sbin/policy-rc.d ] || install -m 755 /tmp/policy-rc.d /usr/sbin/policy-rc.d
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $packages
  exit 0
fi
echo "Orthanc or dcmtk is missing; the tests that need them will say so. To install them:" >&2
echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages" >&2

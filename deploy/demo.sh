#!/usr/bin/env bash
# Brings up the demo: a stand-in portal with an incident, and mynaprobe watching it. Needs nothing but Go; a browser is
# installed if there is none. Options are those of `probe demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
deploy/setup.sh browser
bin=$(deploy/setup.sh bin)
mkdir -p "$bin"
echo "demo: building the probe command (the first time takes a minute or two)"
go build -o "$bin/probe-demo" ./cmd/probe
exec "$bin/probe-demo" demo "$@"

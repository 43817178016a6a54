#!/usr/bin/env bash
# Runs all tests: formatting, vet, staticcheck, shellcheck, and every Go test with the race detector, against real
# Chromium, Prometheus and Alertmanager on loopback.
#
#   deploy/test.sh            what CI runs
#   deploy/test.sh --long     with the long variants too (soak and kill tests; about an hour)
set -euo pipefail
cd "$(dirname "$0")/.."

long=
case "${1:-}" in
  '') ;;
  --long) long=1 ;;
  *)
    echo "usage: deploy/test.sh [--long]" >&2
    exit 2
    ;;
esac

step() { printf '\n== %s\n' "$*"; }

step "what the tests need"
deploy/setup.sh
PATH="$(deploy/setup.sh bin):$PATH"
export PATH

step "formatting"
unformatted=$(gofmt -l cmd probes dashboards deploy)
if [ -n "$unformatted" ]; then
  printf 'gofmt would change:\n%s\n' "$unformatted" >&2
  exit 1
fi

step "go vet, staticcheck, shellcheck"
go vet ./...
staticcheck ./...
shellcheck deploy/*.sh .ci/run

step "tests"
[ -z "$long" ] || export MYNAPROBE_LONG=1
go test -race -timeout 60m ./...

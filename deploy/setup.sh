#!/usr/bin/env bash
# Installs what mynaprobe's demo and tests need, and says what it does.
#
#   deploy/setup.sh [PART...]     browser prometheus alertmanager staticcheck shellcheck systemd; all of them when none is named
#   deploy/setup.sh bin           prints the folder that holds the parts which are not installed system-wide
#
# Promised on Debian 12. Elsewhere it names what is missing and stops, so that it can be installed by hand.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/mynaprobe"
bin="$cache/bin"
staticcheck_version=v0.8.2

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

if [ "${1:-}" = bin ]; then
  echo "$bin"
  exit 0
fi

is_debian() { grep -qx "ID=debian" /etc/os-release 2>/dev/null; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "installing needs root: run this as root, or install sudo, or run: $*"
  fi
}

# Package lists are fetched once, when they are first needed: installing without them fails in unclear ways.
lists_ready=
refresh_lists() {
  [ -n "$lists_ready" ] && return
  say "fetching package lists (apt-get update)"
  as_root apt-get -qq update >&2 || die "apt-get update failed: is a package mirror reachable?"
  lists_ready=yes
}

need_debian() {
  is_debian || die "$1 is missing. It is installed by itself on Debian 12 only; here, please install it by hand: $2"
}

install_packages() {
  refresh_lists
  say "installing $* (apt-get install)"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >"$cache/install.log" 2>&1 || {
    tail -n 20 "$cache/install.log" >&2
    die "apt-get install $* failed; its last words are above"
  }
}

# Debian's prometheus packages start daemons when they are installed, so they are only unpacked.
unpack() {
  local package=$1
  shift
  local missing=
  for program in "$@"; do [ -x "$bin/$program" ] || missing=yes; done
  [ -z "$missing" ] && return
  need_debian "$package" "put $* into $bin"
  refresh_lists
  local dir="$cache/$package"
  say "unpacking Debian's $package into $dir"
  rm -rf "$dir"
  mkdir -p "$dir" "$bin"
  (cd "$dir" && apt-get -qq download "$package" >&2 && dpkg-deb -x "$package"_*.deb . && rm -f "$package"_*.deb) ||
    die "could not download and unpack $package"
  for program in "$@"; do
    [ -x "$dir/usr/bin/$program" ] || die "$package holds no $program"
    ln -sf "$dir/usr/bin/$program" "$bin/$program"
  done
}

browser() {
  local found=
  for program in "${CHROME_PATH:-}" chromium-headless-shell chromium google-chrome google-chrome-stable; do
    [ -n "$program" ] && command -v "$program" >/dev/null && found=yes
  done
  if [ -z "$found" ]; then
    [ "$(uname -s)" = Darwin ] && [ -d "/Applications/Google Chrome.app" ] && found=yes
  fi
  if [ -z "$found" ]; then
    need_debian "a browser" "Chromium or Chrome, or name one in CHROME_PATH"
    install_packages chromium-headless-shell
  fi
  if is_debian && ! dpkg-query -W -f '${Status}' fonts-noto-cjk 2>/dev/null | grep -q 'ok installed'; then
    install_packages fonts-noto-cjk
  fi
}

prometheus() { unpack prometheus prometheus promtool; }

# Debian's Alertmanager loads no configuration without its default templates, and looks for them in one place only.
alertmanager() {
  unpack prometheus-alertmanager prometheus-alertmanager amtool
  local templates=/usr/share/prometheus/alertmanager
  [ -e "$templates/default.tmpl" ] || [ ! -d "$cache/prometheus-alertmanager$templates" ] && return
  say "copying Alertmanager's default templates to $templates"
  as_root mkdir -p "$templates" || die "could not make $templates"
  as_root cp "$cache/prometheus-alertmanager$templates"/*.tmpl "$templates/" || die "could not copy to $templates"
}

staticcheck() {
  [ -x "$bin/staticcheck-$staticcheck_version" ] && return
  say "building staticcheck $staticcheck_version"
  mkdir -p "$bin"
  GOBIN="$bin" GOFLAGS=-mod=mod go install "honnef.co/go/tools/cmd/staticcheck@$staticcheck_version" ||
    die "could not build staticcheck: is a Go module proxy reachable?"
  mv "$bin/staticcheck" "$bin/staticcheck-$staticcheck_version"
  ln -sf "staticcheck-$staticcheck_version" "$bin/staticcheck"
}

shellcheck() {
  type -P shellcheck >/dev/null && return # not the function of that name
  need_debian shellcheck "shellcheck"
  install_packages shellcheck
}

# systemd-analyze checks the unit. The package starts nothing where systemd is not the init already.
systemd() {
  command -v systemd-analyze >/dev/null && return
  need_debian systemd-analyze "systemd"
  install_packages systemd
}

command -v go >/dev/null || die "Go is missing: install Go $(sed -n 's/^go //p' "$(dirname "$0")/../go.mod") or later (https://go.dev/dl/)"

mkdir -p "$cache"
# Tests of several packages may come here at once.
if command -v flock >/dev/null; then
  exec 9>"$cache/lock"
  flock 9
fi

[ $# -gt 0 ] || set -- browser prometheus alertmanager staticcheck shellcheck systemd
for part in "$@"; do
  case "$part" in
    browser | prometheus | alertmanager | staticcheck | shellcheck | systemd) "$part" ;;
    *) die "no part is called $part; see the head of this file" ;;
  esac
done

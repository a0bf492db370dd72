#!/bin/sh
# Node runs everything else, so its absence is found here; the rest is checked by `vectadb up` itself.
missing=''
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  missing="  Node.js 20.19 or newer, with npm: https://nodejs.org, or packages nodejs and npm of a current distribution
"
elif ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  missing="  Node.js 20.19 or newer (this one is $(node --version)): https://nodejs.org
"
fi
[ -z "$missing" ] && exit 0
if ! docker version >/dev/null 2>&1; then
  [ -n "$JAVA_HOME" ] || command -v java >/dev/null 2>&1 || missing="$missing  Java 17 or newer: package openjdk-17-jre-headless (Homebrew: openjdk@17)
"
  command -v mvn >/dev/null 2>&1 || missing="$missing  Maven: package maven (Homebrew: maven)
"
  python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || missing="$missing  Python 3.9 or newer with venv: packages python3 and python3-venv (Homebrew: python)
"
fi
printf 'missing on this machine:\n%s' "$missing" >&2
exit 1

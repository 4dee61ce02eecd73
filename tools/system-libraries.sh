#!/bin/sh
# Bring the Debian packages named as arguments where they are missing; print the line to run where we may not.
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    sudo=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo="sudo"
else
    echo "ssllab needs system libraries. Please run:  sudo apt-get install -y$missing" >&2
    exit 0
fi
$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $missing >/dev/null

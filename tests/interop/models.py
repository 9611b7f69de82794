"""Model folders whose names and lengths are chosen to be hard on tools."""

import pathlib
import random

MIB = 1 << 20

# Sorted by path component, `model/x.bin` comes before `model.safetensors` and `onnx/m.onnx` before
# `onnx-int8/m.onnx`, as the Python tool writes them; sorted by string it is the other way round.
ORDERS_DIFFER = {
    "model.safetensors": 5 * MIB + 1,
    "model/x.bin": 2 * MIB,
    "onnx/m.onnx": 2 * MIB + 1,
    "onnx-int8/m.onnx": 70_000,
    "tokenizer.json": 1_000,
    "tokenizer/vocab.txt": 2_000,
}

ORDERS_AGREE = {
    "README.md": 300,
    "config.json": 600,
    "empty.txt": 0,
    "sub/deeper/empty.bin": 0,
    "sub/deeper/one-byte": 1,
    "sub/weights-00001-of-00002.safetensors": 3 * MIB,
    "sub/weights-00002-of-00002.safetensors": 65,
    "weights.gguf": 4 * MIB - 1,
}

HARD_NAMES = {
    "Größe/modèle.bin": 10_000,
    # The same letter composed and decomposed: two files.
    "caf\u00e9.txt": 11,
    "cafe\u0301.txt": 12,
    "模型/权重 1.bin": 13,
    "emoji-\U0001f600.json": 14,
    # U+FF5E sorts before U+1F600 as a code point and after it in UTF-16.
    "emoji-\uff5e.json": 15,
    "with space and 'quotes' \"double\" & $HOME.txt": 16,
    "-rf": 17,
    "colon:1:2": 18,
    "a%2fb": 19,
    ".hidden/.also": 20,
    "/".join(f"level{level}" for level in range(30)) + "/bottom.bin": 21,
    "x" * 255: 22,
    "empty.bin": 0,
}


def make(folder: pathlib.Path, files: dict) -> pathlib.Path:
    """A model with these files, from name to length; always the same bytes."""
    for name, length in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(random.Random(name).randbytes(length))
    # Left out by every tool, without being asked.
    (folder / ".gitattributes").write_text("*.bin filter=lfs\n")
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").write_text("ref: refs/heads/main\n")
    return folder

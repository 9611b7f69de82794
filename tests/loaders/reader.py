"""Reads a safetensors file by its path, as other people's programs do, and prints what is in it."""

import hashlib
import sys

from safetensors import safe_open

with safe_open(sys.argv[1], framework="numpy") as weights:
    for name in sorted(weights.keys()):
        tensor = weights.get_tensor(name)
        print(name, tensor.dtype, list(tensor.shape), hashlib.sha256(tensor.tobytes()).hexdigest())

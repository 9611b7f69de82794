"""Signed fs-verity digests beside Debian's `fsverity digest`, and beside the Python tool, which must not mind them."""

import pathlib
import random

import bundles
import models
from checks import Checks, changed_byte

BLOCK = 4096
# Data under one block of digests, and under one block of digests of these.
UNDER_1 = 128 * BLOCK
UNDER_2 = 128 * UNDER_1
SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1]
SIZES += [under + more for under in (UNDER_1, UNDER_2) for more in (-1, 0, 1)]
GIB = 1 << 30


def run(checks: Checks, scratch: pathlib.Path) -> None:
    private, public = scratch / "key.pem", scratch / "key.pub.pem"
    checks.modelsig("makes a key", "keygen", "--type", "p256", "--out", private)
    model = models.make(scratch / "model", {f"{size}.bin": size for size in SIZES})
    numbers = random.Random(GIB)
    with (model / "gibibyte.bin").open("wb") as file:
        for _ in range(GIB >> 22):
            file.write(numbers.randbytes(1 << 22))
    names = [f"{size}.bin" for size in SIZES] + ["gibibyte.bin"]

    bundle = model / "model.sig"
    for title, options in (("", ()), (", chunks of BLAKE3", ("--chunk-hash", "blake3")), (", no chunks", ("--no-chunks",))):
        checks.modelsig(f"signs{title}", "sign", model, "--private-key", private, "--fsverity", *options)
        same_digests(checks, f"files signed{title}", model, bundle, names)

    # The default bundle with its chunk index.
    checks.modelsig("signs", "sign", model, "--private-key", private, "--fsverity")
    ours = ("verify", model, "--public-key", public)
    theirs = ("verify", "key", model, "--signature", bundle, "--public_key", public)
    checks.python_tool("accepts it with fs-verity digests", *theirs)
    checks.modelsig("accepts it", *ours)
    # Every digest is computed and compared.
    checks.modelsig("accepts it by all digests", *ours, "--check", "both")
    with changed_byte(model / "gibibyte.bin", GIB - 1):
        checks.python_tool("rejects a changed byte", *theirs, status=1, says=("gibibyte.bin",))
        checks.modelsig("rejects a changed byte", *ours, status=1, says=("gibibyte.bin",))


def same_digests(checks: Checks, title: str, model: pathlib.Path, bundle: pathlib.Path, names: list) -> None:
    resources = bundles.resources(bundle)
    checks.that(f"{title}: all of them", set(names) == set(resources), str(list(resources)))
    said = checks.program(f"fsverity digest, {title}", "fsverity", "digest", "--compact", *names, folder=model)
    for name, digest in zip(names, said.split(), strict=True):
        signed = resources[name]["annotations"][bundles.VERITY_DIGEST]
        expected = {"algorithm": "sha256", "block_size": BLOCK, "digest": digest}
        checks.that(f"{title}: digest of {name}", signed == expected, f"{signed}, not {expected}")

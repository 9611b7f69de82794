"""A real model with everything that can happen to it on the way, with each kind of key."""

import os
import pathlib
import shutil

from checks import Checks, added_file, changed_byte, missing_file, resized

WEIGHTS = "model.safetensors"
KINDS = ("ed25519", "p256", "p384", "p521")


def run(checks: Checks, scratch: pathlib.Path) -> None:
    model = scratch / "all-MiniLM-L6-v2"
    shutil.copytree(os.environ["MINILM"], model)
    weights = model / WEIGHTS
    length = weights.stat().st_size
    checks.that("the weights are there", length == 90_868_376, f"{length} bytes")
    for kind in KINDS:
        private, public = scratch / f"{kind}.pem", scratch / f"{kind}.pub.pem"
        checks.modelsig(f"makes {kind}", "keygen", "--type", kind, "--out", private)
        checks.modelsig(f"{kind}: signs", "sign", model, "--private-key", private)

        def verify(title: str, *options, **expected):
            checks.modelsig(
                f"{kind}: {title}", "verify", model, "--public-key", public, *options, **expected
            )

        verify("as signed", says=("VERIFIED",))
        for check in ("chunks", "whole", "both"):
            verify(f"as signed, {check}", "--check", check)
        for title, offset in (("first", 0), ("middle", length // 2), ("last", -1)):
            with changed_byte(weights, offset):
                for check in ("chunks", "whole"):
                    verify(f"{title} byte changed, {check}", "--check", check, status=1, says=(WEIGHTS,))
        for title, by in (("one byte more", 1), ("one byte less", -1)):
            with resized(weights, by):
                verify(title, status=1, says=(WEIGHTS,))
        with added_file(model / "evil.py"):
            verify("a file added", status=1, says=("evil.py",))
            verify("a file added and ignored", "--ignore-unsigned-files")
        with added_file(model / "1_Pooling/evil.py"):
            verify("a file added below", status=1, says=("1_Pooling/evil.py",))
        with missing_file(model / "tokenizer.json", scratch):
            verify("a file missing", status=1, says=("tokenizer.json",))
            verify("a file missing, unsigned ones ignored", "--ignore-unsigned-files", status=1, says=("tokenizer.json",))
        verify("as signed again", says=("VERIFIED",))

        if kind != "ed25519":
            bundle = model / "model.sig"
            checks.python_tool(
                f"{kind}: accepts", "verify", "key", model, "--signature", bundle, "--public_key", public
            )

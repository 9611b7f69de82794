"""All interoperability checks. Run by run.sh, which prepares the environment and sets MODELSIG and MINILM."""

import os
import pathlib
import sys
import tempfile

import certificates
import corners
import fsverity
import hash_lists
import openssl_keys
import pkcs11
import python_tool
import real_model
import serializations
import signing_again
from checks import Checks


def main() -> int:
    checks = Checks(os.environ["MODELSIG"])
    parts = [
        ("The Python reference tool", python_tool.run),
        ("Serializations and hashes, with the Python API", serializations.run),
        ("Certificates, with the Python tool", certificates.run),
        ("The corner corpus, with the Python API", corners.run),
        ("OpenSSL", openssl_keys.run),
        ("SoftHSM2", pkcs11.run),
        ("sha256sum, b2sum and b3sum", hash_lists.run),
        ("fsverity", fsverity.run),
        ("A real model", real_model.run),
        ("4 GiB signed again", signing_again.run),
    ]
    for title, part in parts:
        with tempfile.TemporaryDirectory(prefix="modelsig-interop-") as folder:
            checks.heading(title)
            part(checks, pathlib.Path(folder))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    sys.exit(main())

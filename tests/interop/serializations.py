"""Both serializations with all three hashes, modelsig and the Python API each verifying what the other one signed.

The command line of the Python tool knows files of SHA-256 only; the rest is in its API, with oddities that the tables
below name. When one of them changes there, the check here fails, and the table and the documents are to be mended.
"""

import json
import pathlib

import bundles
import models
from checks import Checks, changed_byte, missing_file
from model_signing import hashing, signing, verifying

SHARD_SIZE = 1_000_003
# The name of the hash in bundles, and in the Python API.
HASHES = {"sha256": "sha256", "blake3": "blake3", "blake2b": "blake2"}
METHODS = ("files", "shards")

# What the Python API does when it signs: the method that it really writes, and whether its verifier accepts that by
# the settings recorded in the bundle. (It reads them from the bundle unless the caller sets them.)
SIGNED_THERE = {
    ("files", "sha256"): ("files", True),
    ("files", "blake3"): ("files", True),
    # Its verifier knows no hash by the name that its signer writes.
    ("files", "blake2b"): ("files", False),
    # Its signer writes the size as a float, on which its verifier dies.
    ("shards", "sha256"): ("shards", False),
    # Asked for shards of BLAKE3 it writes files.
    ("shards", "blake3"): ("files", True),
    ("shards", "blake2b"): ("shards", False),
}

# Whether the Python API accepts what was signed here, by settings from the bundle and by those that the caller sets.
# Shards are written with --sharded-algorithm-name.
SIGNED_HERE = {
    ("files", "sha256"): (True, True),
    ("files", "blake3"): (True, True),
    ("files", "blake2b"): (False, True),
    ("shards", "sha256"): (True, True),
    # It has no shards of BLAKE3.
    ("shards", "blake3"): (False, False),
    ("shards", "blake2b"): (False, True),
}


def run(checks: Checks, scratch: pathlib.Path) -> None:
    private, public = scratch / "p256.pem", scratch / "p256.pub.pem"
    checks.modelsig("makes a p256 key", "keygen", "--type", "p256", "--out", private)
    model = models.make(scratch / "model", models.ORDERS_DIFFER)
    for method in METHODS:
        for algorithm in HASHES:
            signed_there(checks, scratch, model, (private, public), method, algorithm)
            signed_here(checks, scratch, model, (private, public), method, algorithm)
    specification_names(checks, scratch, model, (private, public))


def configuration(method: str, algorithm: str) -> hashing.Config:
    name = HASHES[algorithm]
    if method == "shards":
        return hashing.Config().use_shard_serialization(hashing_algorithm=name, shard_size=SHARD_SIZE)
    return hashing.Config().use_file_serialization(hashing_algorithm=name)


def python_refuses(model, bundle, public, settings=None) -> str:
    """What the Python API has against a bundle; nothing if it accepts it."""
    verifier = verifying.Config()
    if settings:
        verifier = verifier.set_hashing_config(settings)
    try:
        verifier.use_elliptic_key_verifier(public_key=public).verify(model, bundle)
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def signed_there(checks: Checks, scratch, model, keys, method: str, algorithm: str) -> None:
    private, public = keys
    title = f"Python API, {method} of {algorithm}"
    bundle = scratch / "theirs.sig"
    signer = signing.Config().set_hashing_config(configuration(method, algorithm))
    signer.use_elliptic_key_signer(private_key=private).sign(model, bundle)
    written, guesses = SIGNED_THERE[method, algorithm]
    serialization = json.loads(bundles.payload(bundle))["predicate"]["serialization"]
    checks.that(f"{title}: hash", serialization["hash_type"] == algorithm, str(serialization))
    checks.that(f"{title}: method", serialization["method"] == written, str(serialization))
    if written == "shards":
        size = serialization["shard_size"]
        checks.that(f"{title}: the size is a float", (type(size), size) == (float, SHARD_SIZE), str(serialization))
        names = {entry["algorithm"] for entry in bundles.resources(bundle).values()}
        checks.that(f"{title}: sharded name", names == {f"{algorithm}-sharded-{SHARD_SIZE}"}, str(names))

    accept(checks, title, scratch, model, bundle, public)
    refusal = python_refuses(model, bundle, public)
    checks.that(f"{title}: its own verifier", (not refusal) == guesses, refusal)
    refusal = python_refuses(model, bundle, public, configuration(method, algorithm))
    checks.that(f"{title}: its own verifier with settings", not refusal, refusal)


def signed_here(checks: Checks, scratch, model, keys, method: str, algorithm: str) -> None:
    private, public = keys
    title = f"our {method} of {algorithm}"
    bundle = scratch / "ours.sig"
    sign(checks, title, model, bundle, private, method, algorithm, sharded_name=method == "shards")
    accept(checks, title, scratch, model, bundle, public)
    by_bundle, by_settings = SIGNED_HERE[method, algorithm]
    settings = configuration(method, algorithm)
    refusal = python_refuses(model, bundle, public)
    checks.that(f"{title}: Python API by the bundle", (not refusal) == by_bundle, refusal)
    refusal = python_refuses(model, bundle, public, settings)
    checks.that(f"{title}: Python API with settings", (not refusal) == by_settings, refusal)
    if by_settings:
        for place in (0, -1):
            with changed_byte(model / "model.safetensors", place):
                refusal = python_refuses(model, bundle, public, settings)
                checks.that(f"{title}: Python API sees a changed byte", "model.safetensors" in refusal, refusal)


def specification_names(checks: Checks, scratch, model, keys) -> None:
    """The form of the specification, which the Python API does not read (when it does: drop the option)."""
    private, public = keys
    bundle = scratch / "specification.sig"
    for algorithm in HASHES:
        title = f"shards of {algorithm} with the specification's names"
        sign(checks, title, model, bundle, private, "shards", algorithm, sharded_name=False)
        names = {entry["algorithm"] for entry in bundles.resources(bundle).values()}
        checks.that(f"{title}: the hash alone", names == {algorithm}, str(names))
        accept(checks, title, scratch, model, bundle, public)
        refusal = python_refuses(model, bundle, public, configuration("shards", algorithm))
        checks.that(f"{title}: Python API refuses", refusal != "")
    checks.modelsig(
        "sharded names belong to shards",
        *("sign", model, "--private-key", private, "--signature", bundle, "--sharded-algorithm-name"),
        status=2,
    )


def sign(checks: Checks, title: str, model, bundle, private, method, algorithm, sharded_name: bool) -> None:
    options = ["--serialization", method, "--hash", algorithm]
    options += ["--shard-size", str(SHARD_SIZE)] if method == "shards" else []
    options += ["--sharded-algorithm-name"] if sharded_name else []
    checks.modelsig(f"{title}: signs", "sign", model, "--private-key", private, "--signature", bundle, *options)


def accept(checks: Checks, title: str, scratch, model, bundle, public) -> None:
    """Accepted here as it is, and rejected, naming the file, when something has changed."""
    verify = ("verify", model, "--signature", bundle, "--public-key", public)
    checks.modelsig(f"{title}: accepts", *verify)
    with changed_byte(model / "model.safetensors", -1):
        checks.modelsig(f"{title}: a byte changed", *verify, status=1, says=("model.safetensors",))
    with missing_file(model / "tokenizer.json", scratch):
        checks.modelsig(f"{title}: a file missing", *verify, status=1, says=("tokenizer.json",))

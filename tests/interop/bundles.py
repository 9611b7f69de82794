"""Reads a bundle with nothing but the standard library."""

import base64
import hashlib
import json
import pathlib

CHUNK_INDEX = "modelsig.chunks.v1"
VERITY_DIGEST = "modelsig.fsverity.v1"


def payload(bundle: pathlib.Path) -> bytes:
    return base64.b64decode(json.loads(bundle.read_bytes())["dsseEnvelope"]["payload"], validate=True)


def signature(bundle: pathlib.Path) -> bytes:
    [entry] = json.loads(bundle.read_bytes())["dsseEnvelope"]["signatures"]
    return base64.b64decode(entry["sig"], validate=True)


def pre_authentication_encoding(bundle: pathlib.Path) -> bytes:
    content = payload(bundle)
    return b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(content), content)


def resources(bundle: pathlib.Path) -> dict:
    return {entry["name"]: entry for entry in json.loads(payload(bundle))["predicate"]["resources"]}


def chunk_index(bundle: pathlib.Path, name: str) -> dict:
    return resources(bundle)[name]["annotations"][CHUNK_INDEX]


def chunks_hold(bundle: pathlib.Path, name: str, file: pathlib.Path) -> bool:
    """The chunk index of a resource, computed again."""
    index = chunk_index(bundle, name)
    content = file.read_bytes()
    size = index["chunk_size"]
    digests = b"".join(
        hashlib.sha256(content[start : start + size]).digest() for start in range(0, len(content), size)
    )
    recorded = base64.b64decode(index["digests"], validate=True)
    return (index["algorithm"], index["length"], recorded) == ("sha256", len(content), digests)


def root_digest(bundle: pathlib.Path) -> str:
    [subject] = json.loads(payload(bundle))["subject"]
    return subject["digest"]["sha256"]

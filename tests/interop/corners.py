"""The corner corpus, run through the API of the Python tool.

It shows that the bundles of the corpus are what they claim to be: what the tool accepts although it is refused here has
no other fault than the one that the case is about. Both lists are of model-signing 1.1.1; when one of them changes, the
check fails, and the list is to be mended.
"""

import contextlib
import io
import json
import logging
import os
import pathlib
import shutil
import signal

from checks import Checks
from model_signing import hashing, verifying

CORPUS = pathlib.Path(__file__).parents[2] / "testdata/corners"

ACCEPTED_THERE_ALONE = """
1.3-subject-without-name
1.3-unknown-in-statement
1.4-symlink-policy-as-text
1.4-unknown-in-predicate
1.4-unknown-in-serialization
13.1-payload-with-blank
13.1-payload-with-junk
13.1-payload-with-newline
13.1-payload-with-padding-inside
13.1-signature-with-junk
13.1-signature-with-newline
13.1-statement-too-deep
13.1-statement-with-byte-order-mark
9.10-good-then-bad
9.10-twice-the-same
9.12-another-hash
9.12-certificate-not-asked-for
9.12-digest-upper-case
9.12-modern-statement
9.12-modern-statement-legacy
9.12-modern-statement-with-certificate
9.12-name-not-canonical
9.12-name-twice
9.12-not-asked-for
9.12-old-statement
9.12-old-statement-legacy
9.2-digest-twice
9.2-dot-slash-and-plain
9.2-first-bad-last-good
9.2-ignored-member-twice
9.2-material-twice
9.2-member-of-bundle-twice
9.2-member-spelt-differently
9.2-name-twice
9.2-payload-twice
9.2-predicate-twice-bad-first
9.2-predicate-twice-null-first
9.3-dot-inside
9.3-dot-slash
9.3-doubled-slash
9.3-trailing-slash
9.4-dot-dot
9.4-dot-dot-later
9.4-empty-resources
9.4-linked-folder
9.4-linked-folder-allowed
9.5-cycle-of-folders
9.5-injected-linked-folder
9.5-link-out-of-the-model
9.5-linked-folder-inside
9.5-only-the-caller-allows
9.6-any-usage
9.6-identity-prefix
9.6-identity-wrong
9.6-issuer-expired
9.6-key-agreement
9.6-leaf-expired
9.6-leaf-expired-with-timestamp
9.6-leaf-is-only-authority
9.6-leaf-not-yet-valid
9.6-no-extended-usage
9.6-no-key-usage
9.6-root-expired
9.6-secp256k1-leaf
9.6-server-auth
9.7-digest-upper-case
9.7-digest-with-blanks
9.8-size-with-files
9.9-dot-and-nothing-listed
9.9-dot-before-a-name
9.9-empty-and-nothing-listed
9.9-list-of-numbers
9.9-recorded-signature-is-a-folder
9.9-recorded-signature-slot
9.9-recorded-signature-slot-in-capitals
9.9-trailing-slash
""".split()

ACCEPTED_HERE_ALONE = """
4-python-api-shards
9.1-shards-by-name
9.1-shards-by-number
9.10-by-ed25519
9.10-by-ed25519ph
9.11-unknown-in-public-key
9.13-by-name
9.13-neighbour
9.13-shards-by-dot
9.5-link-and-fifo-below-git
9.5-link-and-fifo-in-ignored-folder
9.5-root-is-a-link
9.6-ed25519-leaf
9.6-intermediate-as-anchor
9.6-intermediate-as-anchor-alone
9.6-leaf-named-like-its-issuer
9.6-singular-certificate
9.7-blake2b
9.8-algorithm-of-the-specification
9.8-blake3
9.8-colon-in-the-name
9.8-empty-file-removed
9.8-name-that-looks-like-a-shard
9.8-out-of-order
9.8-size-as-a-float
9.8-size-with-an-exponent
9.8-unsigned-ignored
9.9-git-path-signed
9.9-signature-inside
""".split()


def run(checks: Checks, scratch: pathlib.Path) -> None:
    there_alone, here_alone, both = [], [], 0
    folders = sorted(path.parent for path in CORPUS.glob("*/case.json"))
    for number, folder in enumerate(folders):
        case = json.loads((folder / "case.json").read_text())
        place = scratch / str(number)
        place.mkdir()
        if not comparable(case) or not build(case, folder, place):
            continue
        here = case["expected"]["verdict"] == "verified"
        there = accepts(case, place)
        both += here and there
        if there and not here:
            there_alone.append(folder.name)
        if here and not there:
            here_alone.append(folder.name)
    checks.that("some corners are accepted by both", both > 0)
    differs(checks, "refused here, accepted by the Python tool", ACCEPTED_THERE_ALONE, there_alone)
    differs(checks, "accepted here, refused by the Python tool", ACCEPTED_HERE_ALONE, here_alone)


def differs(checks: Checks, title: str, expected: list, found: list) -> None:
    new, gone = sorted(set(found) - set(expected)), sorted(set(expected) - set(found))
    checks.that(title, not new and not gone, f"  new:  {new}\n  gone: {gone}")


def comparable(case: dict) -> bool:
    """The tool knows two of the policies, and one key."""
    policy = set(case.get("policy", {})) - {"legacy"}
    return policy <= {"ignore_unsigned_files", "allow_symlinks"} and len(case["trust"].get("keys", [""])) == 1


def build(case: dict, folder: pathlib.Path, place: pathlib.Path) -> bool:
    """Makes what the case describes; false where the file system takes two of its names for one."""
    for entry in case["tree"]:
        [(kind, what)] = entry.items()
        path = place / what["path"]
        if path.is_symlink() or path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        match kind:
            case "file":
                path.write_text(what["content"], encoding="utf-8")
            case "folder":
                path.mkdir()
            case "symlink":
                path.symlink_to(what["target"])
            case "fifo":
                os.mkfifo(path)
            case "bundle":
                shutil.copyfile(folder / "model.sig", path)
    shutil.copyfile(folder / "model.sig", place / case["signature"])
    return True


def accepts(case: dict, place: pathlib.Path) -> bool:
    policy, trust = case.get("policy", {}), case["trust"]
    verifier = verifying.Config()
    if policy.get("ignore_unsigned_files"):
        verifier = verifier.set_ignore_unsigned_files(True)
    if policy.get("allow_symlinks"):
        verifier = verifier.set_hashing_config(hashing.Config().set_allow_symlinks(True))
    keys = CORPUS / "keys"
    # Whatever it raises, and it raises much, is no acceptance; and it is not to wait for a pipe.
    with contextlib.suppress(Exception), time_limit(20), quiet():
        if "keys" in trust:
            verifier = verifier.use_elliptic_key_verifier(public_key=keys / f"{trust['keys'][0]}.pub.pem")
        else:
            anchors = [keys / f"{name}.crt.pem" for name in trust["certificates"]["anchors"]]
            verifier = verifier.use_certificate_verifier(certificate_chain=anchors)
        verifier.verify(place / case["model"], place / case["signature"])
        return True
    return False


@contextlib.contextmanager
def time_limit(seconds: int):
    def expired(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def quiet():
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)

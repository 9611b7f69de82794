"""The commands and the files on which they work."""

import hashlib
import pathlib
import shutil

import models
from cases import Auditing, Case, Insisting, KeyMaking, Repairing, RepairingOnRecord, Signing
from models import CHUNK, KIBI, WEIGHTS, Workshop

FILES = pathlib.PurePath("FILES")
MODEL = FILES / "model"


# Calls that each command makes, by the names that they have on one machine or another. If one is not made any more, its
# faults are not tried any more.
EXPECTED = {
    "verify": "read pread64 openat openat2 statx newfstatat getdents64 mmap madvise readlink|readlinkat write fcntl clone3|clone fsync flock landlock_create_ruleset",
    "sign": "read pread64 openat statx getdents64 mmap write fsync rename|renameat|renameat2 unlink|unlinkat utimensat",
    "repair": "read pread64 pwrite64 openat2 statx getdents64 ftruncate fsync renameat|renameat2 mkdirat unlinkat flock fchmod",
    "keygen": "openat statx write fsync getrandom",
    "protect": "ioctl pread64 openat2",
    "reader": "pread64 pwrite64 openat openat2 statx mmap madvise memfd_create ftruncate fcntl fstatfs ioctl",
}


def untried(tried: set) -> set:
    """What is missing of the expected calls in pairs of command and call."""
    wanted = ((command, names) for command, words in EXPECTED.items() for names in words.split())
    return {(command, names) for command, names in wanted if not any((command, name) in tried for name in names.split("|"))}


def cases(workshop: Workshop, reader: str, clones: pathlib.Path) -> list:
    certificates = workshop.certificates()
    return [
        *verifications(workshop, certificates),
        *audits(workshop),
        *signings(workshop, certificates),
        *repairs(workshop),
        KeyMaking("keygen", workshop, template(workshop, "keygen")),
        KeyMaking("keygen, JSON", workshop, template(workshop, "keygen"), "--type", "p384", "--json"),
        *protections(workshop),
        *readings(workshop, reader, clones),
    ]


def template(workshop: Workshop, name: str) -> pathlib.Path:
    folder = workshop.place / name
    models.write(folder / "other", b"something else")
    return folder


def verifications(workshop: Workshop, certificates) -> list:
    beside = "--signature", FILES / "model.sig"
    key = "--public-key", workshop.public
    one, three = ("--threads", 1), ("--threads", 3)

    def verify(name: str, model: pathlib.Path, *options, status: int = 0, threads: int = 1, of=MODEL):
        trust = () if "--certificate-chain" in options else key
        folder = model.parent.parent if model.is_file() else model.parent
        return Case(name, folder, "verify", of, *trust, "--threads", threads, *options, status=status, threads=threads)

    sound = workshop.model("sound")
    workshop.sign(sound, "--chunk-size", CHUNK)
    inside = workshop.model("inside")
    workshop.sign(inside, "--chunk-size", CHUNK, bundle="model/model.sig")
    damaged = workshop.model("damaged")
    workshop.sign(damaged, "--chunk-size", CHUNK)
    models.flip(damaged / WEIGHTS, 300_000)
    extra = workshop.model("extra")
    workshop.sign(extra)
    models.write(extra / "sub/extra.py", b"import os\n")
    blake3 = workshop.model("blake3")
    workshop.sign(blake3, "--hash", "blake3", "--chunk-hash", "blake3", "--chunk-size", CHUNK)
    shards = workshop.model("shards")
    workshop.sign(shards, "--serialization", "shards", "--shard-size", 200_000, "--allow-unsigned-empty")
    certified = workshop.model("certified")
    private, certificate, issuer = certificates
    workshop.sign(certified, "--signing-certificate", certificate, key=private)
    single = workshop.model("single")
    workshop.sign(single / WEIGHTS, "--chunk-size", CHUNK, bundle="single.sig")
    several = workshop.model("several")
    second, second_public = workshop.second_key()
    workshop.sign(several, bundle="one.sig")
    workshop.sign(several, bundle="two.sig", key=second)
    linked = workshop.model("linked")
    (linked / "link").symlink_to("sub/tokenizer.bin")
    workshop.sign(linked, "--allow-symlinks")
    large = workshop.model("large", weights=6 * KIBI * KIBI)
    workshop.sign(large)
    through_link = verify("verify, links", linked, *beside, "--allow-symlinks")
    through_link.aliases = {"sub": "link", "tokenizer.bin": "link"}
    both = "--signature", FILES / "one.sig", "--signature", FILES / "two.sig", "--public-key", second_public
    return [
        verify("verify", sound, *beside),
        verify("verify, JSON, bundle inside", inside, "--json"),
        verify("verify, both digests", sound, *beside, "--check", "both", "--json"),
        verify("verify, mapped", sound, *beside, "--access", "map"),
        verify("verify, damaged", damaged, *beside, "--json", "--check", "both", status=1),
        verify("verify, damaged, first only", damaged, *beside, "--fail-fast", status=1),
        verify("verify, unsigned file", extra, *beside, "--json", status=1),
        verify("verify, BLAKE3", blake3, *beside, "--check", "both"),
        verify("verify, shards", shards, *beside, "--allow-unsigned-empty", "--json"),
        verify("verify, certificate", certified, *beside, "--certificate-chain", issuer, "--json"),
        verify("verify, one file", single, "--signature", MODEL / "single.sig", of=MODEL / WEIGHTS),
        verify("verify, two signers", several, "--require", "all", *both, "--json"),
        verify("verify, a part", sound, *beside, "--tensor", "small", "--files", "*.json"),
        through_link,
        verify("verify, large", large, *beside),
        verify("verify, no sandbox", sound, *beside, "--no-sandbox"),
        Insisting("verify, sandbox required", sound.parent, "verify", MODEL, *key, *beside, *one, "--require-sandbox"),
        verify("verify, 3 threads", large, *beside, "--json", threads=3),
        verify("verify, damaged, 3 threads", damaged, *beside, status=1, threads=3),
    ]


def audits(workshop: Workshop) -> list:
    def audited(name: str, status: int, *options):
        model = workshop.model(name.replace(", ", "-"), weights=100 * KIBI)
        workshop.sign(model)
        models.write(model.parent / "audit", b'{"older": "line"}\n')
        if status:
            models.flip(model / "config.json", 0)
        arguments = "verify", MODEL, "--public-key", workshop.public, "--signature", FILES / "model.sig", "--threads", 1
        return Auditing(name, model.parent, *arguments, "--audit-log", FILES / "audit", *options, status=status)

    new = audited("verify, audited, new log", 0)
    models.write(new.template / "audit", b"")
    return [audited("verify, audited", 0), audited("verify, audited, damaged", 1, "--json"), new]


def signings(workshop: Workshop, certificates) -> list:
    key = "--private-key", workshop.private
    trust = "--public-key", workshop.public
    private, certificate, issuer = certificates

    def sign(name: str, folder: pathlib.Path, bundle: str, *options, of=MODEL, key=key, trust=trust, verify=()):
        return Signing(name, workshop, folder, bundle, trust, of, *key, *options, verify=verify)

    fresh = workshop.model("fresh")
    again = workshop.model("again")
    workshop.sign(again, "--no-chunks", bundle="model/model.sig")
    reused = workshop.model("reused")
    workshop.sign(reused, bundle="old.sig")
    by_certificate = "--private-key", private, "--signing-certificate", certificate
    return [
        sign("sign", fresh.parent, "model.sig"),
        sign("sign, JSON, over an older bundle inside", again.parent, "model/model.sig", "--json"),
        sign("sign, certificate", fresh.parent, "new.sig", key=by_certificate, trust=("--certificate-chain", issuer)),
        sign("sign, one file", fresh.parent, "new.sig", of=MODEL / WEIGHTS),
        sign("sign, shards", fresh.parent, "new.sig", "--serialization", "shards", "--allow-unsigned-empty", verify=["--allow-unsigned-empty"]),
        sign("sign, reusing digests", reused.parent, "new.sig", "--reuse", FILES / "old.sig", *trust, "--json"),
    ]


def repairs(workshop: Workshop) -> list:
    def damaged(name: str) -> pathlib.Path:
        model = workshop.model(name, weights=400 * KIBI)
        workshop.sign(model, "--chunk-size", CHUNK)
        shutil.copytree(model, model.parent / "good")
        return model

    pieces = damaged("pieces")
    models.flip(pieces / WEIGHTS, 10)
    models.flip(pieces / WEIGHTS, 300_000)
    many = damaged("many")
    models.flip(many / "config.json", 0)
    shutil.rmtree(many / "sub")
    # What an interrupted repair of it has left.
    named = hashlib.sha256(b"0/config.json").hexdigest()[:16]
    models.write(many / f".modelsig-repair-{named}.tmp", b"half of it")
    with (many / WEIGHTS).open("r+b") as file:
        file.truncate(200_000)
    grown = damaged("grown")
    with (grown / WEIGHTS).open("ab") as file:
        file.write(b"and more")
    # With a second name it is not mended in place.
    (grown / "config.json").rename(grown.parent / "kept")
    recorded = damaged("recorded")
    models.flip(recorded / "config.json", 0)
    models.write(recorded.parent / "audit", b'{"older": "line"}\n')
    return [
        Repairing("repair", workshop, pieces.parent),
        Repairing("repair, JSON, several files", workshop, many.parent, "--json"),
        Repairing("repair, a grown and a missing file", workshop, grown.parent),
        RepairingOnRecord("repair, audited", workshop, recorded.parent),
        Repairing("repair, 3 threads", workshop, pieces.parent, threads=3),
    ]


def protections(workshop: Workshop) -> list:
    """Of a file system without fs-verity."""
    model = workshop.model("protected")
    workshop.sign(model, "--fsverity")
    arguments = "protect", MODEL, "--public-key", workshop.public, "--signature", FILES / "model.sig", "--threads", 1
    return [Case("protect", model.parent, *arguments, "--json", status=2)]


class Reading(Case):
    """A program takes bytes from the library, and compares them with a good copy."""

    start = r'write\(1<[^>]*>, "begin'

    def __init__(self, workshop: Workshop, reader: str, model: pathlib.Path, access: str, status: int = 0):
        arguments = MODEL, FILES / "model.sig", workshop.public, FILES / "good", access
        name = f"reader, {access}" + (", damaged" if status else "")
        super().__init__(name, model.parent, *arguments, program=reader, status=status)

    def is_refusal(self, run) -> bool:
        return "cannot be handed out with protection" in run.stderr


ACCESSES = "all get read range reader tensor fd stream verify resources sealed sealed-fd sealed-range unprotected"


def readings(workshop: Workshop, reader: str, clones: pathlib.Path) -> list:
    sound = workshop.model("read")
    workshop.sign(sound, "--chunk-size", CHUNK)
    damaged = workshop.model("read-damaged")
    workshop.sign(damaged, "--chunk-size", CHUNK)
    for model in (sound, damaged):
        shutil.copytree(model, model.parent / "good")
    models.flip(damaged / WEIGHTS, 300_000)
    cloned = clones / "cloned/model"
    shutil.copytree(sound.parent, cloned.parent)
    accesses = [Reading(workshop, reader, sound, access) for access in ACCESSES.split()]
    accesses += [Reading(workshop, reader, cloned, access) for access in ("clone", "clone-fd")]
    return accesses + [Reading(workshop, reader, damaged, access, status=1) for access in ("all", "range", "reader", "sealed-fd", "stream")]

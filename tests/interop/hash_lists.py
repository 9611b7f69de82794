"""`modelsig hash` beside sha256sum, b2sum and b3sum: each checks the other's lists."""

import pathlib
import random

from checks import Checks, changed_byte, missing_file

FILES = {
    "empty": 0,
    "one": 1,
    "block": 64,
    "weights.bin": 5_000_001,
    "with space": 100,
    "größe-模型": 101,
    "-dash": 102,
    "*star": 103,
    " leading": 104,
    "a) = b": 105,
    "back\\slash": 106,
    "new\nline": 107,
}
# b3sum 1.2 refuses names with these, whatever it should do with them.
ESCAPED = ("back\\slash", "new\nline")


def run(checks: Checks, scratch: pathlib.Path) -> None:
    for name, length in FILES.items():
        (scratch / name).write_bytes(random.Random(name).randbytes(length))
    for algorithm, tool, tags in (("sha256", "sha256sum", True), ("blake2b", "b2sum", True), ("blake3", "b3sum", False)):
        names = [name for name in FILES if tool != "b3sum" or name not in ESCAPED]
        both_ways(checks, scratch, algorithm, tool, names, tags)


def both_ways(checks: Checks, scratch: pathlib.Path, algorithm: str, tool: str, names: list, tags: bool) -> None:
    lists = scratch / "lists"
    lists.mkdir(exist_ok=True)
    ours, theirs = lists / f"ours.{algorithm}", lists / f"theirs.{algorithm}"
    hash_ = ("hash", "--hash", algorithm)
    for options in [(), ("--tag",)] if tags else [()]:
        title = f"{tool} {' '.join(options)}"
        our_list = checks.modelsig(title, *hash_, *options, "--", *names, folder=scratch)
        their_list = checks.program(title, tool, *options, "--", *names, folder=scratch)
        # coreutils marks nothing in text mode, so that the two are equal to the byte.
        checks.that(f"{title}: the same list", our_list == their_list, f"{our_list}\n{their_list}")
        ours.write_text(our_list)
        theirs.write_text(their_list)

        we_check = ("hash", "--hash", algorithm, "--check", theirs)
        they_check = (tool, "--check", ours)
        checks.program(f"{title}: checks our list", *they_check, folder=scratch)
        checks.modelsig(f"{title}: its list checked", *we_check, folder=scratch)
        with changed_byte(scratch / "weights.bin", 4_000_000):
            checks.program(f"{title}: a byte changed", *they_check, folder=scratch, status=1, says=("weights.bin: FAILED",))
            checks.modelsig(f"{title}: a byte changed", *we_check, folder=scratch, status=1, says=("weights.bin: FAILED",))
        with missing_file(scratch / "one", lists):
            checks.program(f"{title}: a file missing", *they_check, folder=scratch, status=1, says=("one: FAILED",))
            checks.modelsig(f"{title}: a file missing", *we_check, folder=scratch, status=2, says=("one: FAILED",))
    # A list for another hash is no list for this one.
    other = "sha256" if algorithm == "blake2b" else "blake2b"
    checks.modelsig(f"{tool}: read as {other}", "hash", "--hash", other, "--check", theirs, folder=scratch,
                    status=0 if tags else 2)

"""Signing 4 GiB again after an edit of one small file: what the process reads, counted by the kernel."""

import json
import os
import pathlib
import subprocess
import time

import bundles
from checks import Checks, changed_byte

GIB = 1 << 30
# Two weights of 2 GiB without a byte on the disk.
WEIGHTS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def run(checks: Checks, scratch: pathlib.Path) -> None:
    model = scratch / "model"
    model.mkdir()
    for name in WEIGHTS:
        with (model / name).open("wb") as file:
            file.truncate(2 * GIB)
    readme = model / "README.md"
    readme.write_text("first words\n")
    private, public = scratch / "key.pem", scratch / "key.pub.pem"
    checks.modelsig("makes a key", "keygen", "--type", "p256", "--out", private)
    time.sleep(0.1)

    sign = ("sign", model, "--private-key", private, "--access", "read", "--json")
    reuse = ("--reuse", model / "model.sig", "--public-key", public)
    report, read = counted(checks, "signs 4 GiB", *sign)
    checks.that("everything was read", read > 4 * GIB, f"{read} bytes read")
    checks.that("nothing was taken over", report["reused"] == [] and report["bytes_hashed"] == report["bytes"])

    time.sleep(0.1)
    readme.write_text("other words, and more of them\n")
    time.sleep(0.1)
    report, read = counted(checks, "signs again", *sign, *reuse)
    checks.that("the README was read", report["bytes_hashed"] == readme.stat().st_size, str(report))
    taken_over = [{"path": name, "bytes": 2 * GIB} for name in WEIGHTS]
    checks.that("the weights were taken over", report["reused"] == taken_over, str(report))
    # Libraries, keys and the old bundle of 4,096 chunk digests.
    checks.that("less than 2 MB were read in all", read < 2_000_000, f"{read} bytes read")
    for name in WEIGHTS:
        index = bundles.chunk_index(model / "model.sig", name)
        checks.that("the chunk index came along", (index["length"], bool(index["digests"])) == (2 * GIB, True))

    verify = ("verify", model, "--public-key", public)
    checks.modelsig("accepts the new bundle in full", *verify, "--check", "both")
    with changed_byte(model / WEIGHTS[1], GIB):
        checks.modelsig("rejects a changed byte", *verify, status=1, says=(WEIGHTS[1],))
        report, read = counted(checks, "signs after the change", *sign, *reuse)
        hashed = 2 * GIB
        checks.that("the changed file was read", hashed <= report["bytes_hashed"] < hashed + 1000, str(report))
        checks.modelsig("accepts the changed file", *verify)
    report, read = counted(checks, "signs what is named", *sign, *reuse, "--changed", WEIGHTS[0])
    checks.that("what is named was read", report["bytes_hashed"] >= 2 * GIB, str(report))
    checks.modelsig("accepts it as it was", *verify)


def counted(checks: Checks, title: str, *arguments) -> tuple:
    """Runs modelsig: its JSON report, and how many bytes the process read."""
    command = [os.environ["MODELSIG"], *map(os.fsdecode, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.stdout.read(), process.stderr.read()
    # It has ended, but its counters are there until it is waited for.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    counters = pathlib.Path(f"/proc/{process.pid}/io").read_text()
    status = process.wait()
    process.stdout.close()
    process.stderr.close()
    detail = f"  command: {command}\n  status:  {status}\n{errors.decode()}"
    checks.that(f"modelsig: {title}", status == 0, detail)
    read = dict(line.split(": ") for line in counters.splitlines())["rchar"]
    return json.loads(output), int(read)

"""Runs the examples on real models and compares what they say with what others say. Run by run.sh, which prepares the environment
and sets MODELSIG, MINILM and EXAMPLES."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy
from safetensors import safe_open

import reference

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "interop"))
from checks import Checks, changed_byte  # noqa: E402

EXAMPLES = pathlib.Path(os.environ["EXAMPLES"])
MAGIKA = HERE.parent.parent / "testdata/magika/model"
WEIGHTS = "model.safetensors"
WORDS = "the weights are what the laboratory released".split()


class Signed:
    """A copy of a model, signed. What must not come from the model lies beside it."""

    def __init__(self, checks: Checks, scratch: pathlib.Path, name: str, original: pathlib.Path):
        self.folder, self.bundle = scratch / name, scratch / f"{name}.sig"
        key, self.key = scratch / f"{name}.pem", scratch / f"{name}.pub.pem"
        shutil.copytree(original, self.folder)
        checks.modelsig(f"makes a key for {name}", "keygen", "--type", "p256", "--out", key)
        checks.modelsig(f"signs {name}", "sign", self.folder, "--private-key", key, "--signature", self.bundle)

    def trust(self):
        return self.bundle, self.key


def safetensors_crate(checks: Checks, model: Signed) -> None:
    with safe_open(model.folder / WEIGHTS, framework="numpy") as weights:
        slices = {name: weights.get_slice(name) for name in weights.keys()}
        expected = {f"{name} {part.get_dtype()} {part.get_shape()}" for name, part in slices.items()}
    command = EXAMPLES / "safetensors", model.folder, *model.trust()
    printed = checks.program("safetensors: as signed", *command).splitlines()
    checks.that("safetensors: the tensors that Python finds", len(printed) == len(expected) and set(printed) == expected, str(printed[:3]))
    with changed_byte(model.folder / WEIGHTS, 50_000_000):
        checks.program("safetensors: a byte changed", *command, status=1, says=("DigestMismatch", WEIGHTS))


def candle(checks: Checks, model: Signed) -> None:
    command = EXAMPLES / "candle", model.folder, *model.trust(), *WORDS
    printed = checks.program("candle: as signed", *command)
    found = numpy.array([float(line) for line in printed.splitlines()])
    expected = reference.embedding(model.folder, WORDS)
    same_numbers(checks, "candle: the embedding that numpy computes", found, expected, 1e-5)
    for name in (WEIGHTS, "config.json", "vocab.txt"):
        with changed_byte(model.folder / name, -100):
            checks.program(f"candle: a byte of {name} changed", *command, status=1, says=("DigestMismatch", name))


def descriptor(checks: Checks, model: Signed) -> None:
    reader = sys.executable, HERE / "reader.py"
    weights = model.folder / WEIGHTS
    length = weights.stat().st_size
    expected = checks.program("reader.py: on the file", *reader, weights)
    begin = EXAMPLES / "memfd", model.folder, *model.trust(), WEIGHTS
    # The program that gets the descriptor first destroys the file that it is from.
    overwrite = 'head -c "$1" /dev/zero >"$2"; shift 2; exec "$@"'
    kept = shutil.copy(weights, model.folder.parent / "kept")
    read = *begin, "sh", "-c", overwrite, "sh", str(length), weights, *reader, "/proc/self/fd/0"
    printed = checks.program("memfd: a file that is overwritten after the handover", *read, says=(f"{length} bytes, sealed",))
    head, _, rest = printed.partition("\n")
    checks.that("memfd: the reader finds what was signed", rest == expected and len(expected) > 0, head)
    checks.that("memfd: the file was overwritten", weights.read_bytes() == bytes(length))
    checks.program("memfd: what was overwritten", *begin, "echo", "it ran", status=1, says=("DigestMismatch", WEIGHTS))
    os.replace(kept, weights)
    plain = model.folder.parent / "plain"
    plain.write_text("plain")
    for title, attempt in (("written", "printf x 1<>/proc/self/fd/0"), ("truncated", ": >/proc/self/fd/0")):
        with plain.open() as opened:
            done = subprocess.run(["sh", "-c", attempt], stdin=opened, check=False)
        checks.that(f"a plain file can be {title}", done.returncode == 0)
        checks.program(f"memfd: cannot be {title}", *begin, "sh", "-c", attempt, status=1, says=("sealed",))


def tract(checks: Checks, model: Signed) -> None:
    labels = json.loads((model.folder / "config.min.json").read_text())["target_labels_space"]
    begin = EXAMPLES / "tract", model.folder, *model.trust()
    for file, label in ((HERE / "main.py", "python"), (HERE / "examples/tract.rs", "rust"), (model.folder / "README.md", "markdown")):
        printed = checks.program(f"tract: {label}", *begin, file)
        found = numpy.array([float(line) for line in printed.splitlines()])
        expected = reference.magika(model.folder, file.read_bytes())
        if same_numbers(checks, f"tract: {label}: the scores of ONNX Runtime", found, expected, 1e-4):
            checks.that(f"tract: {label} is recognised", labels[found.argmax()] == label, labels[found.argmax()])
    with changed_byte(model.folder / "model.onnx", 1_500_000):
        checks.program("tract: a byte changed", *begin, HERE / "main.py", status=1, says=("does not have the signed content", "model.onnx"))


def same_numbers(checks: Checks, title: str, found, expected, tolerance: float) -> bool:
    if not checks.that(f"{title}: as many", found.shape == expected.shape, f"{found.shape} {expected.shape}"):
        return False
    apart = abs(found - expected).max()
    print(f"   {title}: {len(found)} numbers, at most {apart:.1e} apart")
    return checks.that(title, apart < tolerance)


@contextlib.contextmanager
def lying(folder: pathlib.Path, mountpoint: pathlib.Path):
    """The folder, mounted anew, so that nothing of it was read yet."""
    mountpoint.mkdir(exist_ok=True)
    server = subprocess.Popen([sys.executable, HERE / "lying_fs.py", folder, mountpoint])
    try:
        until = time.monotonic() + 30
        while not os.path.ismount(mountpoint):
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit("FUSE: nothing could be mounted. It takes /dev/fuse and the right to use it.")
            time.sleep(0.02)
        yield mountpoint
    finally:
        subprocess.run(["fusermount3", "-u", mountpoint], check=False)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def fuse(checks: Checks, model: Signed) -> None:
    original = (model.folder / WEIGHTS).read_bytes()
    mountpoint = model.folder.parent / "mounted"
    with lying(model.folder, mountpoint) as mounted:
        first, second = ((mounted / WEIGHTS).read_bytes() for _ in range(2))
        checks.that("FUSE: signed bytes at first", first == original)
        checks.that("FUSE: other bytes later", len(second) == len(first) and second != first)

    # The verdict holds for the moment of reading, and no longer: SECURITY.md says so.
    with lying(model.folder, mountpoint) as mounted:
        verify = "verify", mounted, "--public-key", model.key, "--signature", model.bundle
        checks.modelsig("FUSE: verify, the first time", *verify, says=("VERIFIED",))
        checks.that("FUSE: what a loader would read after it", (mounted / WEIGHTS).read_bytes() != original)
        checks.modelsig("FUSE: verify, the second time", *verify, status=1, says=("REJECTED", WEIGHTS))

    # Whoever takes bytes from the library gets signed ones or an error.
    for access, expected in (
        ("get", "signed mismatch mismatch"),
        ("read", "signed mismatch mismatch"),
        ("range", "signed mismatch mismatch"),
        ("reader", "signed mismatch mismatch"),
        ("tensor", "signed mismatch mismatch"),
        ("fd", "signed mismatch mismatch"),
        ("stable", "protection protection protection"),
    ):
        with lying(model.folder, mountpoint) as mounted:
            command = EXAMPLES / "fuse_reader", mounted, *model.trust(), model.folder / WEIGHTS, access
            told = " ".join(checks.program(f"FUSE: {access}: nothing but signed bytes", *command).split())
            print(f"   {access}: {told}")
            checks.that(f"FUSE: {access}", told == expected, f"{told}, expected {expected}")


def main() -> int:
    if not os.path.exists("/dev/fuse"):
        raise SystemExit("FUSE: there is no /dev/fuse here. A container needs --device /dev/fuse --cap-add SYS_ADMIN.")
    checks = Checks(os.environ["MODELSIG"])
    with tempfile.TemporaryDirectory(prefix="modelsig-loaders-") as scratch:
        scratch = pathlib.Path(scratch)
        minilm = Signed(checks, scratch, "all-MiniLM-L6-v2", pathlib.Path(os.environ["MINILM"]))
        magika = Signed(checks, scratch, "magika", MAGIKA)
        for title, part, model in (
            ("The crate safetensors", safetensors_crate, minilm),
            ("candle", candle, minilm),
            ("A descriptor for Python", descriptor, minilm),
            ("tract", tract, magika),
            ("FUSE", fuse, minilm),
        ):
            checks.heading(title)
            part(checks, model)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed or not checks.passed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs programs, compares what they do with what was expected, and counts."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time


class Checks:
    def __init__(self, modelsig: str):
        self._modelsig = modelsig
        self._began = time.monotonic()
        self.passed = 0
        self.failed = 0

    def heading(self, text: str) -> None:
        print(f"-- {text} ({time.monotonic() - self._began:.0f} s)", flush=True)

    def that(self, title: str, holds: bool, detail: str = "") -> bool:
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {title}\n{detail}", flush=True)
        return holds

    def modelsig(self, title: str, *arguments, **expected) -> str:
        """Runs `modelsig ARGUMENTS`; see `program`."""
        return self.program(f"modelsig: {title}", self._modelsig, *arguments, **expected)

    def python_tool(self, title: str, *arguments, **expected) -> str:
        """Runs `model_signing ARGUMENTS`; see `program`."""
        return self.program(f"model_signing: {title}", sys.executable, "-m", "model_signing", *arguments, **expected)

    def program(self, title: str, *command, status: int = 0, says: tuple = (), folder=None, env=None) -> str:
        """Runs a command, which must end with `status` and print all of `says`. Gives what it wrote to stdout."""
        command = [os.fsdecode(part) for part in command]
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=600,
        )
        talk = done.stdout + done.stderr
        unsaid = [text for text in says if text not in talk]
        detail = f"  command: {command}\n  status:  {done.returncode}, expected {status}\n"
        detail += f"  not said: {unsaid}\n" if unsaid else ""
        self.that(title, done.returncode == status and not unsaid, detail + printable(talk))
        return done.stdout


def printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@contextlib.contextmanager
def changed_byte(file: pathlib.Path, offset: int):
    """One bit of one byte is flipped, and back again in the end. A negative offset counts from the end."""
    where = os.SEEK_SET if offset >= 0 else os.SEEK_END

    def flip():
        with file.open("r+b") as opened:
            opened.seek(offset, where)
            byte = opened.read(1)[0]
            opened.seek(offset, where)
            opened.write(bytes([byte ^ 1]))

    flip()
    try:
        yield
    finally:
        flip()


@contextlib.contextmanager
def resized(file: pathlib.Path, by: int):
    """The file is one or more bytes longer (`by` > 0) or shorter, and as it was in the end."""
    content = file.read_bytes()
    file.write_bytes(content + bytes(by) if by > 0 else content[:by])
    try:
        yield
    finally:
        file.write_bytes(content)


@contextlib.contextmanager
def added_file(file: pathlib.Path, content: bytes = b"print('hello')\n"):
    file.write_bytes(content)
    try:
        yield
    finally:
        file.unlink()


@contextlib.contextmanager
def missing_file(file: pathlib.Path, shelter: pathlib.Path):
    """The file is away in the folder `shelter`, and back in the end."""
    away = shelter / "away"
    file.rename(away)
    try:
        yield
    finally:
        away.rename(file)

"""Runs a program under strace, which shows its system calls and makes one of them fail.

A call is named by its number among the calls of the same name that its thread makes, which is how strace counts
them. With one thread, two runs of the same command make the same calls, so a clean run tells what there is to fail.
"""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess

from calls import looks_damaged

# Of the calls in which a program has no part, the last: Rust gives the main thread a stack for its signal handlers, and
# then calls `main`.
START = r"sigaltstack\(\{ss_sp=0x"

LINE = re.compile(r"(?P<thread>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<name>\w+)\()(?P<rest>.*)")
UNFINISHED = "<unfinished ...>"
INJECTED = "(INJECTED)"


@dataclasses.dataclass(frozen=True)
class Call:
    name: str
    # Among the calls of this name by this thread, from 1 on.
    number: int
    # Its arguments, with the paths of descriptors, and what it returned.
    text: str
    injected: bool


@dataclasses.dataclass(frozen=True)
class Fault:
    call: str
    number: int
    # As strace takes it: `error=EIO`, or `retval=0`.
    effect: str
    # Every later call of that name fails as well.
    lasting: bool = False

    def when(self) -> str:
        return f"{self.number}{'+' if self.lasting else ''}"

    def __str__(self) -> str:
        return f"{self.call} {self.when()} {self.effect}"


@dataclasses.dataclass(frozen=True)
class Run:
    # Negative when a signal ended it, None when it had to be killed.
    status: int | None
    stdout: str
    stderr: str
    # Those by the main thread after its start, in a clean run; those that failed, otherwise.
    calls: tuple
    # What made them fail.
    fault: Fault | None = None

    def said(self) -> str:
        return self.stdout + self.stderr

    def looks_damaged(self) -> bool:
        """True when a sound model must have looked like a damaged one."""
        return any(looks_damaged(call.name, self.fault.effect) for call in self.calls)


class Tracer:
    def __init__(self, limit: float = 60):
        self._limit = limit

    def clean(self, command, folder: pathlib.Path, start: str = START) -> Run:
        """A run in which nothing fails, with all the calls that could, after the first one that looks like `start`."""
        return self._run(command, folder, [], lambda calls: calls_after(start, calls))

    def failing(self, command, folder: pathlib.Path, fault: Fault) -> Run:
        """A run in which one call fails; of several threads, that call of each of them."""
        options = ["--seccomp-bpf", "-e", f"trace={fault.call}", "-e", f"inject={fault.call}:{fault.effect}:when={fault.when()}"]
        run = self._run(command, folder, options, lambda calls: [call for _, call in calls if call.injected])
        return dataclasses.replace(run, fault=fault)

    def _run(self, command, folder: pathlib.Path, options, choose) -> Run:
        log = folder / "strace"
        whole = ["strace", "-f", "-qq", "-y", "-s", "256", "-o", log, *options, *command]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # In a process group of its own, since a program outlives the strace that is killed.
        process = subprocess.Popen(whole, cwd=folder, text=True, errors="replace", start_new_session=True, **streams)
        try:
            stdout, stderr = process.communicate(timeout=self._limit)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            status = None
        return Run(status, stdout, stderr, tuple(choose(list(parsed(log.read_text(errors="replace"))))))


def parsed(log: str):
    """The calls, each with its thread."""
    counts, begun = {}, {}
    for line in log.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        thread, name, rest = match["thread"], match["name"] or match["resumed"], match["rest"]
        if match["resumed"]:
            number, before = begun.pop(thread)
            rest = before + rest
        else:
            number = counts[thread, name] = counts.get((thread, name), 0) + 1
            if rest.endswith(UNFINISHED):
                begun[thread] = number, rest.removesuffix(UNFINISHED)
                continue
        yield thread, Call(name, number, rest, rest.endswith(INJECTED))


def calls_after(start: str, calls):
    main = calls[0][0] if calls else None
    own = [call for thread, call in calls if thread == main]
    places = (place for place, call in enumerate(own) if re.match(start, f"{call.name}({call.text}"))
    return own[next(places) + 1 :]

"""Makes the system calls of commands fail, one in each run, and checks that nothing worse comes of it than an error.

    main.py [CASE...]       only the cases whose names begin so

MODELSIG names the command, READER the program that takes bytes from the library, CLONES a folder on a file system that
can clone files. With FAULTS=all every error that a call can answer is tried, and not only the most common ones.
"""

import collections
import concurrent.futures
import os
import pathlib
import sys
import tempfile
import threading
import time

import calls
import commands
import judge
import planted
from models import Workshop
from tracing import Fault, Tracer

# Of each thread, so many calls of a name fail where there are several threads and no two runs are alike.
OF_EACH_THREAD = 5


class Trial:
    """A case and its faults: for every call of a clean run, every way in which it can fail."""

    def __init__(self, case, tracer: Tracer, workshop: Workshop, scratch: pathlib.Path, everything: bool):
        self.case, self._tracer, self._modelsig, self._scratch = case, tracer, workshop.modelsig, scratch
        place = self._place()
        self.clean = tracer.clean(case.command(self._modelsig, case.prepare(place)), place, case.start)
        if self.clean.status != case.status:
            raise SystemExit(f"{case.name}: ends with {self.clean.status}: {self.clean.said()}")
        found, first = {}, {}
        for call in self.clean.calls:
            # The other threads make fewer calls than the main one has made before its start.
            start = first.setdefault(call.name, call.number)
            numbers = [call.number] if case.threads == 1 else range(start, start + OF_EACH_THREAD)
            for effect in calls.effects(call, everything):
                found.update(dict.fromkeys(Fault(call.name, number, effect) for number in numbers))
                if calls.lasting(call, effect, everything):
                    found[Fault(call.name, call.number, effect, lasting=True)] = None
        self.faults = list(found)

    def _place(self) -> pathlib.Path:
        place = self._scratch / f"worker-{threading.get_ident()}"
        place.mkdir(exist_ok=True)
        return place

    def attempt(self, fault: Fault):
        """The run, and what is wrong with it."""
        place = self._place()
        files = self.case.prepare(place)
        run = self._tracer.failing(self.case.command(self._modelsig, files), place, fault)
        wrong = judge.faults_of(self.case, self.clean, fault, run) + self.case.faults_after(files, run)
        if not run.calls and self.case.threads == 1:
            wrong.append("nothing failed, though the call is there")
        return fault, run, wrong


class Table:
    """In how many runs which call failed in which way, and how the commands ended."""

    def __init__(self):
        self._counts = collections.Counter()

    def add(self, case, run) -> None:
        effect = run.fault.effect.removeprefix("error=") + (" on" if run.fault.lasting else "")
        for name in {call.name for call in run.calls}:
            self._counts[case.command_name, name, effect, run.status] += 1

    def calls(self) -> set:
        return {(command, call) for command, call, _, _ in self._counts}

    def print(self) -> None:
        rows = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
        for (command, call, effect, status), count in self._counts.items():
            rows[command, call][effect][status] += count
        print("runs in which a call failed, once or from then on, and how they ended: with 0/1/2")
        for (command, call), effects in sorted(rows.items()):
            cells = (f"{effect} {ends.total()} ({ends[0]}/{ends[1]}/{ends[2]})" for effect, ends in effects.items())
            print(f"  {command:8} {call:15} {'  '.join(cells)}")


def main() -> int:
    began = time.monotonic()
    everything = os.environ.get("FAULTS") == "all"
    table, failed, runs, faults = Table(), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="modelsig-faults-") as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "files").mkdir()
        workshop = Workshop(os.environ["MODELSIG"], scratch / "files")
        planted.check(workshop, os.environ["READER"], scratch)
        chosen = [
            case
            for case in commands.cases(workshop, os.environ["READER"], pathlib.Path(os.environ["CLONES"]))
            if not sys.argv[1:] or case.name.startswith(tuple(sys.argv[1:]))
        ]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for case in chosen:
                trial = Trial(case, Tracer(), workshop, scratch, everything)
                print(f"-- {case.name}: {len(trial.faults)} faults ({time.monotonic() - began:.0f} s)", flush=True)
                for fault, run, wrong in pool.map(trial.attempt, trial.faults):
                    runs += 1
                    faults += len(run.calls)
                    table.add(case, run)
                    if wrong:
                        failed += 1
                        failing = [call.text[:300] for call in run.calls]
                        print(f"FAILED: {case.name}: {fault}: {wrong}\n  calls:  {failing}\n  status: {run.status}\n{run.said()[:2000]}")
    table.print()
    untried = set() if sys.argv[1:] else commands.untried(table.calls())
    for command, call in sorted(untried):
        print(f"FAILED: {command}: no {call} was made to fail")
    print(f"{runs} runs, {faults} calls failed, {failed + len(untried)} faults of modelsig ({time.monotonic() - began:.0f} s)")
    return 1 if failed or untried or not faults else 0


if __name__ == "__main__":
    sys.exit(main())

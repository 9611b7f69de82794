"""A command in which calls are made to fail, and what must hold of what it leaves behind."""

import json
import pathlib
import shutil

import models
import tracing
from models import CHUNK, Workshop, content_of


class Case:
    """A command on the files of a folder. Those that write work on a copy, made anew for every run."""

    #: Names under which temporary files are going to stand.
    made = frozenset()
    #: Names for others, under which files are known as well.
    aliases = {}
    #: That of the model, which is `.` in messages about its folder.
    model = "model"
    #: The call after which calls are made to fail.
    start = tracing.START
    #: True where a negative verdict is never wrong.
    is_damaged = False

    def __init__(self, name: str, template: pathlib.Path, *arguments, program=None, status: int = 0, threads: int = 1):
        """In arguments, FILES stands for the folder with the files of a run."""
        self.name, self.template, self.program, self.status = name, template, program, status
        self._arguments = [str(argument) for argument in arguments]
        self.threads = threads
        self.is_json = "--json" in self._arguments
        self.command_name = name.split(",")[0]

    def prepare(self, place: pathlib.Path) -> pathlib.Path:
        """Where the files of the next run are."""
        return self.template

    def command(self, modelsig: str, files: pathlib.Path) -> list:
        return [self.program or modelsig, *(argument.replace("FILES", str(files)) for argument in self._arguments)]

    def is_refusal(self, run) -> bool:
        """True when it is the caller's policy that was not met."""
        return False

    def faults_after(self, files: pathlib.Path, run) -> list:
        """What is wrong with what is left behind, in words."""
        return []


class Insisting(Case):
    """Wants a sandbox, or no verdict."""

    def faults_after(self, files: pathlib.Path, run) -> list:
        has_sandbox = not any(call.name.startswith("landlock_") for call in run.calls)
        return [] if has_sandbox or run.status == 2 else ["a verdict without a sandbox"]


class WritingCase(Case):
    def prepare(self, place: pathlib.Path) -> pathlib.Path:
        copy = place / "files"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.template, copy, symlinks=True)
        return copy

    def faults_after(self, files: pathlib.Path, run) -> list:
        before, after = content_of(self.template), content_of(files)
        left = {path for path in after.keys() | before.keys() if pathlib.PurePath(path).name.startswith(".modelsig-")}
        wrong = [] if is_excused(run) else [f"left behind: {path}" for path in sorted(left & after.keys() - before.keys())]
        return wrong + self.faults_of_files(files, run, *({path: files[path] for path in files.keys() - left} for files in (before, after)))

    def faults_of_files(self, files: pathlib.Path, run, before: dict, after: dict) -> list:
        raise NotImplementedError


def is_excused(run) -> bool:
    """Whoever cannot remove a file leaves it behind."""
    return any(call.name in ("unlink", "unlinkat") for call in run.calls)


class Signing(WritingCase):
    """Writes a bundle, and nothing else."""

    def __init__(self, name: str, workshop: Workshop, template: pathlib.Path, bundle: str, trust, *arguments, verify=()):
        super().__init__(name, template, "sign", *arguments, "--signature", f"FILES/{bundle}", "--threads", 1)
        self._workshop, self._bundle, self._trust, self._verify = workshop, bundle, trust, verify
        self.made = frozenset([pathlib.PurePath(bundle).name])

    def faults_of_files(self, files: pathlib.Path, run, before: dict, after: dict) -> list:
        old, new = before.pop(self._bundle, None), after.pop(self._bundle, None)
        wrong = [] if after == before else ["something else than the bundle was written"]
        if new == old:
            return wrong + (["no bundle was written, and it says nothing"] if run.status == 0 else [])
        model = self.command("", files)[2]
        # What was read wrong is signed wrong, but the bundle is whole.
        statuses = {0, 1} if run.looks_damaged() else {0}
        try:
            self._workshop.run("verify", model, "--signature", files / self._bundle, *self._trust, *self._verify, statuses=statuses)
        except SystemExit as error:
            wrong.append(f"half a bundle: {error}")
        return wrong


class KeyMaking(WritingCase):
    """Makes two files, or none."""

    def __init__(self, name: str, workshop: Workshop, template: pathlib.Path, *arguments):
        super().__init__(name, template, "keygen", "--out", "FILES/new.pem", *arguments)
        self._workshop = workshop

    def faults_of_files(self, files: pathlib.Path, run, before: dict, after: dict) -> list:
        made = after.keys() - before.keys()
        if not made and run.status != 0:
            return []
        if made != {"new.pem", "new.pub.pem"}:
            return [f"made: {sorted(made)}"]
        if (files / "new.pem").stat().st_mode & 0o077:
            return ["others can read the private key"]
        write = files / "model/file"
        models.write(write, b"x")
        bundle = self._workshop.sign(files / "model", key=files / "new.pem")
        self._workshop.run("verify", files / "model", "--signature", bundle, "--public-key", files / "new.pub.pem")
        return []


class Auditing(WritingCase):
    """Appends one line to the file `audit`, and writes nothing else."""

    made = frozenset(["audit"])

    def faults_of_files(self, files: pathlib.Path, run, before: dict, after: dict) -> list:
        lines, wrong = lines_added(run, before, after)
        return wrong + ([] if after == before else ["something else than the log was written"])


def lines_added(run, before: dict, after: dict) -> tuple:
    """The lines that were added to the log, and what is wrong with them. The log is taken out of the files."""
    old, new = before.pop("audit"), after.pop("audit", b"")
    if not new.startswith(old):
        return [], ["an older line is gone"]
    try:
        lines = [json.loads(line) for line in new[len(old) :].splitlines() if line]
    except ValueError as error:
        return [], [f"half a line: {error}"]
    ended = [line["exit_code"] for line in lines if line["event"] == "ended"]
    # What cannot be put on record is never a positive verdict, and told where it is a negative one.
    told = run.status == 1 and not ended and "/audit'" in run.stderr
    if run.status in (0, 1) and not told and ended != [run.status]:
        return lines, [f"a verdict that is not on record: {lines}"]
    # It is that of the verdict, which may be on record and then not be printed.
    unprinted = run.status == 2 and any(call.name == "write" and call.text.startswith("1<") for call in run.calls)
    if ended not in ([], [run.status]) and not unprinted:
        return lines, [f"the record and the exit code contradict each other: {lines}"]
    return lines, []


class Repairing(WritingCase):
    """Brings a model nearer to what was signed, from a good copy in the folder `good`."""

    made = frozenset(["tokenizer.bin", "config.json", models.WEIGHTS])
    is_damaged = True

    def __init__(self, name: str, workshop: Workshop, template: pathlib.Path, *options, threads: int = 1):
        arguments = ["repair", "FILES/model", "--from", "FILES/good", "--signature", "FILES/model.sig"]
        arguments += ["--public-key", workshop.public, "--threads", threads, *options]
        super().__init__(name, template, *arguments, threads=threads)
        self._workshop = workshop

    def faults_of_files(self, files: pathlib.Path, run, before: dict, after: dict) -> list:
        wrong = []
        good = {path: content for path, content in before.items() if path.startswith("good/")}
        for path in before.keys() | after.keys():
            signed = good.get(path.replace("model/", "good/", 1)) if path.startswith("model/") else before.get(path)
            if not is_nearer(before.get(path), after.get(path), signed):
                wrong.append(f"{path} is neither as it was nor nearer to what was signed")
            if run.status == 0 and after.get(path) != signed:
                wrong.append(f"{path} is not what was signed, and the model is said to be verified")
        if run.status == 1 and not run.looks_damaged() and not is_excused(run) and all(after.get(path.replace("good/", "model/", 1)) == content for path, content in good.items()):
            wrong.append("the model is what was signed, and it is said not to be")
        report = report_of(run)
        if report is not None and (untold := written(before, after) - told(report)):
            wrong.append(f"it is not told that these were written: {sorted(untold)}")
        # Whatever it was, the next attempt succeeds.
        try:
            self._workshop.run(*self.command("", files)[1:])
        except SystemExit as error:
            wrong.append(f"it cannot be repaired any more: {error}")
        return wrong


class RepairingOnRecord(Repairing):
    """As well as that, appends a line to the file `audit` before it writes anything, and one at the end."""

    made = Repairing.made | {"audit"}

    def __init__(self, name: str, workshop: Workshop, template: pathlib.Path):
        super().__init__(name, workshop, template, "--audit-log", "FILES/audit")

    def faults_of_files(self, files: pathlib.Path, run, before: dict, after: dict) -> list:
        lines, wrong = lines_added(run, before, after)
        if after != before and [line["event"] for line in lines][:1] != ["begun"]:
            wrong.append(f"something was written before it was on record that it might be: {lines}")
        for line in lines:
            if line["event"] == "ended" and (untold := written(before, after) - told(line)):
                wrong.append(f"it is not on record that these were written: {sorted(untold)}")
        return wrong + super().faults_of_files(files, run, before, after)


def written(before: dict, after: dict) -> set:
    """The signed files that are not as they were."""
    ours = ".modelsig-repair-"
    paths = [path for path in after if path.startswith("model/") and ours not in path]
    return {path.removeprefix("model/") for path in paths if after[path] != before.get(path)}


def report_of(run):
    """The JSON object that was printed, if one was."""
    try:
        report = json.loads(run.stdout)
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


def told(report: dict) -> set:
    return {file["name"] for file in report.get("repaired") or []}


def is_nearer(before, after, signed) -> bool:
    if after in (before, signed):
        return True
    if before is None or after is None or signed is None or not min(len(before), len(signed)) <= len(after) <= max(len(before), len(signed)):
        return False
    # Where it is neither, it is a piece that was damaged and of which a part was written.
    for start in range(0, len(after), CHUNK):
        was, found, good = (content[start : start + CHUNK] for content in (before, after, signed))
        found_good = found == good[: len(found)]
        if not found_good and not all(byte in (one, other) for byte, one, other in zip(found, was.ljust(CHUNK, b"\0"), good)):
            return False
    return True

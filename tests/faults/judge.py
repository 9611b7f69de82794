"""What must hold of every run, whatever failed in it."""

import json
import pathlib
import re

# Without those that have no name any more.
PATH_OF_DESCRIPTOR = re.compile(r"\d+<([^<>]*)>(?!\(deleted\))")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
# Calls of which the quoted text is data and not a name.
WITH_DATA = {"read", "pread64", "write", "pwrite64", "getrandom", "memfd_create"}
# Descriptors of these are no files that anybody knows.
NOT_FILES = re.compile(r"^(pipe:|socket:|anon_inode:|/dev/|/proc/|/sys/|/memfd:)")
TEMPORARY = re.compile(r"^\.modelsig-.*\.tmp$")


def faults_of(case, clean, fault, run) -> list:
    """Everything that is wrong with a run, in words."""
    wrong = [f"{run.said()[-2000:]}"] if "panicked" in run.said() else []
    if run.status is None:
        return wrong + ["it hangs"]
    if run.status not in (0, 1, 2):
        return wrong + [f"it ends with {run.status}"]
    is_damaged = clean.status == 1 or case.is_damaged or run.looks_damaged() or case.is_refusal(run)
    if run.status == 1 and not is_damaged:
        wrong.append("a negative verdict, though nothing looks damaged")
    if run.status == 0 and clean.status != 0:
        wrong.append("success, though without the fault there is none")
    if fault.effect == "error=EINTR" and (run.status, without_chance(run.stdout)) != (clean.status, without_chance(clean.stdout)):
        wrong.append("an interruption is noticed")
    told = fault.effect != "error=EINTR" and any(is_told(call) for call in run.calls)
    if run.status != 0 and not told and any(word in run.stdout for word in ("VERIFIED", "SIGNED", "REPAIRED")):
        wrong.append("the words and the exit code contradict each other")
    if case.is_json and not told:
        wrong += faults_of_json(run)
    if run.status == 0 and told:
        wrong.append("success, though what it says could not be written")
    # Of what is told wrong, something else is said than what it is about.
    lied = any(call.name in ("getdents64", "ioctl") for call in run.calls) and run.looks_damaged()
    if run.status != clean.status and not lied and not case.is_refusal(run):
        # Of a call that fails for good, the first that cannot be done without is told.
        enough = any if fault.lasting else all
        if not enough(is_named(call, case, run.said()) for call in run.calls):
            wrong.append(f"it does not name what is concerned: {[call.text for call in run.calls]}")
    return wrong


def faults_of_json(run) -> list:
    try:
        report = json.loads(run.stdout)
    except ValueError as error:
        return [f"not one JSON object: {error}"]
    if not isinstance(report, dict) or report.get("exit_code") != run.status:
        return ["the report does not have the exit code"]
    return []


def is_told(call) -> bool:
    """True when the call was to write data to stdout."""
    return call.name == "write" and call.text.startswith("1<")


def is_named(call, case, said: str) -> bool:
    names = names_in(call)
    if any(TEMPORARY.match(name) for name in names):
        names |= case.made
    names |= {case.aliases[name] for name in names if name in case.aliases}
    if not names:
        return "error" in said
    # A folder is also named by a path that ends with it, and that of the model is `.` to those inside.
    return any(name in said for name in names) or (case.model in names and "'.'" in said)


def names_in(call) -> set:
    """The last components of the paths in a call, as far as somebody knows them."""
    of_descriptors = {path for path in PATH_OF_DESCRIPTOR.findall(QUOTED.sub("", call.text)) if not NOT_FILES.search(path)}
    quoted = set() if call.name in WITH_DATA else {name for name in QUOTED.findall(call.text) if not NOT_FILES.search(name)}
    quoted -= {"", "."}
    # A name counts, and not the folder in which it is looked up.
    return {pathlib.PurePath(path).name for path in quoted or of_descriptors}


# What two runs say differently even if nothing happens: random keys, and the places of the runs.
CHANCE = re.compile(r"[0-9a-f]{64}|worker-\d+|\d{4}-\d\d-\d\dT[\d:.]+Z")


def without_chance(text: str) -> str:
    return CHANCE.sub("…", text)

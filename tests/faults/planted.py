"""Shows that bad ends would be noticed: scripts that end badly on purpose stand in for the command."""

import pathlib

import judge
import models
from cases import Auditing, Case, Insisting, KeyMaking, Repairing, RepairingOnRecord, Signing
from tracing import Fault, Run, Tracer

# Every shell asks for its parent; whatever is answered, it goes on.
HARMLESS = Fault("getppid", 1, "retval=1")
SOUND, DAMAGED = Run(0, "", "", ()), Run(1, "", "", ())


def check(workshop: models.Workshop, reader: str, scratch: pathlib.Path) -> None:
    model = workshop.model("planted")
    workshop.sign(model, "--chunk-size", models.CHUNK)
    folder = model.parent
    models.write(folder / "good/config.json", b"other bytes")
    plain, json = Case("verify", folder), Case("verify", folder, "--json")
    insisting = Insisting("verify", folder)
    signing = Signing("sign", workshop, folder, "model.sig", ("--public-key", workshop.public), "FILES/model")
    repairing = Repairing("repair", workshop, folder)
    key = KeyMaking("keygen", workshop, folder)
    audited = workshop.model("planted-audit").parent
    models.write(audited / "audit", b"")
    auditing = Auditing("verify", audited, "verify")
    models.write(folder / "audit", b"")
    recording = RepairingOnRecord("repair", workshop, folder)
    begun = """echo '{"event": "begun"}' >>$1/audit; """
    failed = """echo '{"event": "ended", "exit_code": 2}' >>$1/audit; """
    ended = """echo '{"event": "ended", "exit_code": 0}' >>$1/audit; """
    for case, clean, script, complaint in (
        (plain, DAMAGED, "echo VERIFIED", "success, though"),
        (plain, SOUND, "exit 1", "a negative verdict"),
        (plain, SOUND, "echo VERIFIED; exit 2", "contradict"),
        (plain, SOUND, "exit 101", "it ends with 101"),
        (plain, SOUND, "echo it panicked >&2", "panicked"),
        (plain, SOUND, "kill -SEGV $$", "it ends with -11"),
        (plain, SOUND, "sleep 60", "it hangs"),
        (plain, SOUND, "exit 2", "does not name"),
        (json, SOUND, """echo '{"exit_code": 0}{}'""", "not one JSON object"),
        (json, SOUND, """echo '{"exit_code": 2}'""", "does not have the exit code"),
        (signing, SOUND, "printf '{' >$1/model.sig; exit 2", "half a bundle"),
        (signing, SOUND, "rm $1/model.sig; exit 2", "half a bundle"),
        (signing, SOUND, "exit 0", "it says nothing"),
        (signing, SOUND, "echo >$1/.modelsig-x.tmp; exit 2", "left behind"),
        (signing, SOUND, "echo >$1/model/empty; exit 2", "something else than the bundle"),
        (key, SOUND, "echo >$1/new.pem; exit 2", "made: "),
        (repairing, SOUND, "echo >$1/model/config.json; exit 2", "neither as it was"),
        (repairing, SOUND, "exit 0", "is not what was signed"),
        (repairing, SOUND, "cp $1/good/config.json $1/model; echo '{}'; exit 2", "it is not told that these were written"),
        (auditing, SOUND, "exit 0", "not on record"),
        (auditing, SOUND, ended + "exit 2", "the record and the exit code"),
        (auditing, SOUND, "printf '{' >>$1/audit; exit 2", "half a line"),
        (auditing, SOUND, "rm $1/audit; echo >$1/other; exit 2", "something else than the log"),
        (recording, SOUND, begun + "cp $1/good/config.json $1/model; " + failed + "exit 2", "not on record that these were written"),
        (recording, SOUND, ended + "cat $1/good/config.json >$1/model/config.json", "before it was on record"),
    ):
        expect(case, clean, ["sh", "-c", script, "sh", "FILES"], HARMLESS, complaint, scratch)
    # What is handed out is not what the reader was told to expect.
    program = [reader, "FILES/model", "FILES/model.sig", workshop.public, "FILES/good", "get"]
    expect(plain, SOUND, program, HARMLESS, "it ends with 3", scratch)
    # The call that fails concerns a file, and the message does not.
    quiet = ["sh", "-c", "true 2>/dev/null <$1/model/config.json || { echo error: it failed; exit 2; }", "sh", "FILES"]
    opening = next(call for call in trace_of(quiet, plain, scratch) if "config.json" in call.text)
    expect(plain, SOUND, quiet, Fault(opening.name, opening.number, "error=EIO"), "does not name", scratch)
    # Without its option, the command does without a sandbox.
    careless = [workshop.modelsig, "verify", "FILES/model", "--signature", "FILES/model.sig", "--public-key", workshop.public]
    fault = Fault("landlock_create_ruleset", 1, "error=ENOSYS")
    expect(insisting, SOUND, careless, fault, "without a sandbox", scratch)
    interrupted = ["sh", "-c", "exit 2"]
    expect(plain, SOUND, interrupted, Fault("getppid", 1, "error=EINTR"), "an interruption is noticed", scratch)


def expect(case: Case, clean: Run, program: list, fault: Fault, complaint: str, scratch: pathlib.Path) -> None:
    files, command = prepared(case, program, scratch)
    run = Tracer(limit=3).failing(command, scratch, fault)
    wrong = judge.faults_of(case, clean, fault, run) + case.faults_after(files, run)
    if not any(complaint in text for text in wrong):
        raise SystemExit(f"a planted fault is not noticed: {program}: expected {complaint!r}, found {wrong}")


def prepared(case: Case, program: list, scratch: pathlib.Path) -> tuple:
    place = scratch / "planted"
    place.mkdir(exist_ok=True)
    files = case.prepare(place)
    return files, [str(part).replace("FILES", str(files)) for part in program]


def trace_of(program: list, case: Case, scratch: pathlib.Path) -> tuple:
    return Tracer().clean(prepared(case, program, scratch)[1], scratch, r"getppid\(").calls

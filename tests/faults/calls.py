"""Which system calls are made to fail, and how."""

import re

# What each kind of call can answer. EINTR stands first: a signal that only interrupted must not be noticed.
READ = "EINTR EIO EAGAIN ESTALE"
OPEN = "EINTR EIO EMFILE ENOMEM EACCES ESTALE"
STAT = "EINTR EIO ENOMEM EACCES ESTALE"
LINK = "EINTR EIO ENOMEM EACCES"
WRITE = "EINTR EIO ENOSPC EDQUOT"
NAME = "EINTR EIO ENOSPC EACCES EROFS"
ERRORS = {
    "read": READ,
    "pread64": READ,
    # Not readv, by which the reader looks at what it was handed.
    "open": OPEN,
    "openat": OPEN,
    "openat2": OPEN + " ENOSYS EPERM EAGAIN",
    "stat": STAT,
    "lstat": STAT,
    "fstat": STAT,
    "statx": STAT + " ENOSYS",
    "newfstatat": STAT,
    "statfs": STAT,
    "fstatfs": STAT,
    "access": STAT,
    "getdents64": "EINTR EIO ENOMEM ESTALE ENOENT",
    "readlink": LINK,
    "readlinkat": LINK,
    "getcwd": "ENOENT ENOMEM",
    "lseek": "EIO",
    "mmap": "ENOMEM EACCES EAGAIN ENODEV",
    "mremap": "ENOMEM",
    "mprotect": "ENOMEM",
    "madvise": "EINTR EIO ENOMEM",
    "mincore": "ENOMEM EAGAIN",
    "fadvise64": "EIO",
    "cachestat": "ENOSYS EINTR",
    "write": WRITE + " EAGAIN",
    "pwrite64": WRITE,
    "writev": WRITE,
    "ftruncate": "EINTR EIO ENOSPC EFBIG",
    "fallocate": "EINTR EIO ENOSPC",
    "copy_file_range": "EINTR EIO ENOSPC",
    "sendfile": "EINTR EIO",
    "fsync": "EINTR EIO ENOSPC EINVAL",
    "fdatasync": "EINTR EIO ENOSPC EINVAL",
    "rename": NAME,
    "renameat": NAME,
    "renameat2": NAME + " EINVAL ENOSYS",
    "link": NAME,
    "linkat": NAME,
    "mkdir": NAME,
    "mkdirat": NAME,
    "unlink": NAME,
    "unlinkat": NAME,
    "fchmod": "EINTR EIO EPERM",
    "fchown": "EINTR EIO EPERM",
    "utimensat": "EINTR EIO EPERM",
    "memfd_create": "EMFILE ENOMEM ENOSYS",
    "fcntl": "ENOMEM EMFILE EAGAIN EBUSY",
    "flock": "EINTR EAGAIN ENOLCK EIO",
    "ioctl": "EINTR EIO ENOTTY EOPNOTSUPP ENOSPC",
    "getrandom": "EINTR ENOSYS",
    "clone3": "EAGAIN ENOMEM ENOSYS",
    "clone": "EAGAIN ENOMEM",
    "sched_getaffinity": "EPERM",
    "prctl": "EINVAL EPERM",
    "landlock_create_ruleset": "ENOSYS EOPNOTSUPP ENOMEM EMFILE",
    "landlock_add_rule": "EINVAL ENOMEM EBADFD",
    "landlock_restrict_self": "EPERM E2BIG",
}

# Calls that answer without having done anything: less came than there is, or nothing although it says so.
ANSWERS = {
    "read": "0 1",
    "pread64": "0 1",
    "getdents64": "0",
    "write": "0",
    "pwrite64": "0",
    "fsync": "0",
    "fadvise64": "0",
    "ioctl": "0",
}

# The errors of a run that is not to take long; of a call that has none of them, the first.
BRIEF = {"EINTR", "EIO", "EMFILE", "ENOMEM", "ENOSPC", "ENOSYS"}

# What cannot fail in a way that concerns us, or not at all: a debug build of Rust asks F_GETFD before it closes, and
# takes an error for a bug of the program.
LEFT_ALONE = re.compile(r"F_GETFD\b")


def effects(call, everything: bool) -> list:
    if LEFT_ALONE.search(call.text):
        return []
    errors = ERRORS.get(call.name, "").split()
    chosen = [error for error in errors if everything or error in BRIEF] or errors[:1]
    # A map of memory can only fail for want of memory.
    if call.name == "mmap" and "MAP_ANONYMOUS" in call.text:
        chosen = ["ENOMEM"]
    return [f"error={error}" for error in chosen] + [f"retval={answer}" for answer in ANSWERS.get(call.name, "").split()]


# What does not pass: a device that is gone, a full disk, no descriptors. Not for `write`, which is how it would be told,
# nor for memory, without which a Rust program ends.
LASTING = {"EIO", "EMFILE", "ENOSPC"}


def lasting(call, effect: str, everything: bool) -> bool:
    left_out = {"write", "mmap", "mprotect", "mremap"}
    if not everything:
        # Many, and whoever cannot look at files cannot go on.
        left_out |= {"readlink", "statx", "newfstatat"}
    return call.name not in left_out and effect.removeprefix("error=") in LASTING


# Answers that make a sound model look like a damaged one: it ends early, a folder has nothing more, bytes are not those
# that were read, a clone has no content.
def looks_damaged(call: str, effect: str) -> bool:
    return (call, effect) in {
        ("read", "retval=0"),
        ("read", "retval=1"),
        ("pread64", "retval=0"),
        ("pread64", "retval=1"),
        ("getdents64", "retval=0"),
        ("getdents64", "error=ENOENT"),
        ("ioctl", "retval=0"),
    }

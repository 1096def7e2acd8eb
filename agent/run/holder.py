"""Under which name a process holds a lease, and whether the process behind a name is gone.

Only a process of this very machine, since this very start of it, seen from the same namespace of
process ids, can be known to be gone; of every other the lease must run out.
"""

import getpass
import os
import socket
import uuid
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


def new_name() -> str:
    """A name of this process that no other ever has."""
    return f"{socket.gethostname()}-{os.getpid()}-{_place()}-{uuid.uuid4().hex[:6]}"


def is_gone(name: str, ours: str) -> bool:
    """Whether a holder's process has certainly ended, as the process called `ours` sees it."""
    theirs, mine = name.split("-")[-3:], ours.split("-")[-3:]
    if len(theirs) < len(mine) or not theirs[0].isdecimal() or theirs[1] in ("", "unknown"):
        return False
    if theirs[1] != mine[1]:
        return False
    if theirs[0] == mine[0]:
        return False  # ourselves: another worker within this process
    try:
        os.kill(int(theirs[0]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def os_user() -> str:
    """The user of this machine that the process runs as; the system says so, and no variable."""
    try:
        import pwd  # noqa: PLC0415  (POSIX only)
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _place() -> str:
    """This start of this machine, and this view of its processes."""
    with suppress(OSError):
        told = f"{_BOOT.read_text()} {_PROCESSES.readlink()}"
        return sha256(told.encode()).hexdigest()[:8]
    return "unknown"

"""Child processes that leave nothing behind: each in a group of its own, and gone when we are, even after `kill -9`.

It declines to know what they do.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
_libc: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Child:
    """A running program of the lab."""

    name: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self.process.pid

    def ended(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self.process.poll()

    def stop(self, grace: float = 5.0) -> int:
        """End it and everything it started: politely, then after `grace` seconds not."""
        self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            code = self.process.wait()
        self.signal(signal.SIGKILL)  # what it started and did not end itself
        return code

    def signal(self, number: int) -> None:
        """Send a signal to it and to everything it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    outlives_us: bool = False,
) -> Child:
    """Start `command`, its output going to the file `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()

    def before_exec() -> None:
        os.setsid()
        if not outlives_us:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:  # we died in between
                os._exit(1)

    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd=folder,
            preexec_fn=before_exec,
        )
    return Child(name, process)

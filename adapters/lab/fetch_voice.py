"""Brings what makes prompts, espeak-ng and sox, into the lab, and has the built-in prompts made once.

It declines to know how either is used: `adapters/voice` does. A machine that has both keeps its own.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from adapters.lab import apt
from adapters.lab.failures import NotFetched
from adapters.lab.fetch import SUITE
from adapters.lab.place import CHECKOUT

PACKAGES: Final = ("espeak-ng", "sox", "libc6")
PROGRAMS: Final = ("espeak-ng", "sox")
DEADLINE: Final = 300.0


def fetch_voice(folder: Path, environ: Mapping[str, str] = os.environ, say: Callable[[str], None] = print) -> None:
    """Fill `folder` with programs, where this machine lacks them, and with the built-in prompts that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second one waits and finds it done
        programs = folder / "programs"
        if not all(map(shutil.which, PROGRAMS)) and not programs.exists():
            apt.unpack(PACKAGES, SUITE, programs, environ, say)
        _build(folder, say)


def _build(folder: Path, say: Callable[[str], None]) -> None:
    """Run the builder as a program: it is another room, which the lab does not enter."""
    command = [sys.executable, "-m", "adapters.voice", str(folder)]
    try:
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise NotFetched(f"the built-in prompts took longer than {DEADLINE:.0f} s") from None
    if done.returncode:
        raise NotFetched(f"the built-in prompts cannot be made: {done.stderr.strip()[-300:]}")
    if told := done.stdout.strip():
        say(told)

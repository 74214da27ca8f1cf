"""Brings Asterisk, its sounds and SIPp into the lab's folder, or finds the ones this machine has.

It declines to know how they are configured or started.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.lab import apt
from adapters.lab.failures import NotFetched

SUITE: Final = "forky"  # the Debian release that has Asterisk 22, a long-term one
PACKAGES: Final = ("asterisk", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav", "sip-tester", "libc6")
OLDEST: Final = (22, 10)
LOADERS: Final = {"x86_64": "usr/lib64/ld-linux-x86-64.so.2", "aarch64": "usr/lib/ld-linux-aarch64.so.1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Where the programs of the lab are and how a command line for one of them begins."""

    root: Path
    """What the programs' own paths (sounds, modules) are under: the unpacked tree, or /."""
    prefix: tuple[str, ...] = ()
    """The loader of the unpacked tree; empty for a system's own Asterisk."""
    asterisk_path: Path
    sipp_path: Path
    modules: Path

    def asterisk(self, *arguments: str) -> list[str]:
        """Return the command line that runs Asterisk with `arguments`."""
        return [*self.prefix, str(self.asterisk_path), *arguments]

    def sipp(self, *arguments: str) -> list[str]:
        """Return the command line that runs SIPp with `arguments`."""
        return [*self.prefix, str(self.sipp_path), *arguments]


def fetch(root: Path, environ: Mapping[str, str] = os.environ, say: Callable[[str], None] = print) -> Programs:
    """Return the lab's programs, downloading them into `root` the first time."""
    if system := _of_this_machine():
        return system
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two starts at once: the second one waits and finds it done
        if not (root / "usr/sbin/asterisk").exists():
            apt.unpack(PACKAGES, SUITE, root, environ, say)
    return _unpacked(root)


def _unpacked(root: Path) -> Programs:
    machine = os.uname().machine
    if machine not in LOADERS:
        raise NotFetched(f"no Asterisk for {machine} here: install Asterisk >= 22.10 and SIPp")
    libraries = root / f"usr/lib/{machine}-linux-gnu"
    return Programs(
        root=root,
        prefix=(str(root / LOADERS[machine]), "--library-path", str(libraries)),
        asterisk_path=root / "usr/sbin/asterisk",
        sipp_path=root / "usr/bin/sipp",
        modules=libraries / "asterisk/modules",
    )


def _of_this_machine() -> Programs | None:
    """Return the installed Asterisk and SIPp where both are there and new enough."""
    asterisk, sipp = shutil.which("asterisk"), shutil.which("sipp")
    folders = [
        f for f in (*Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules")) if f.is_dir()
    ]
    if not asterisk or not sipp or not folders:
        return None
    told = subprocess.run([asterisk, "-V"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)", told)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        return None
    return Programs(root=Path("/"), asterisk_path=Path(asterisk), sipp_path=Path(sipp), modules=folders[0])

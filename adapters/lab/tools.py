"""The programs that only the tests need: PostgreSQL and a browser.

Installed where we may, unpacked beside the lab where we may not. It declines to know how they are used.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.lab import apt
from adapters.lab.failures import LabFailure, NotFetched
from adapters.lab.place import CHECKOUT, place

WHERE: Final = {"postgresql": "usr/lib/postgresql/*/bin/postgres", "chromium": "usr/bin/chromium"}
REAL_CHROMIUM: Final = "usr/lib/chromium/chromium"  # the one in usr/bin is a script that looks under /


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and what its environment needs."""

    path: Path
    environ: Mapping[str, str] = field(default_factory=dict)


def tool(package: str, unpacked: Path | None = None) -> Tool | None:
    """Return the program of `package`: this machine's, else the unpacked one, else None."""
    if found := sorted(Path("/").glob(WHERE[package])):
        return Tool(found[-1])
    root = unpacked or unpacked_root()
    pattern = REAL_CHROMIUM if package == "chromium" else WHERE[package]
    if found := sorted(root.glob(pattern)):
        libraries = [str(folder) for folder in sorted(root.glob("usr/lib/*-linux-gnu"))]
        return Tool(found[-1], {"LD_LIBRARY_PATH": ":".join(libraries)})
    return None


def unpacked_root() -> Path:
    """Where packages are unpacked to that could not be installed."""
    return place().folder / "tools"


def bring(packages: list[str]) -> None:
    """Make sure that every program is there: apt as root, else unpacked packages, else a line that says what to do."""
    missing = [package for package in packages if tool(package) is None]
    if not missing:
        return
    say(f"installing {', '.join(missing)}")
    if os.geteuid() == 0:
        _install(missing)
    else:
        _unpack(missing)
    if still := [package for package in missing if tool(package) is None]:
        raise NotFetched(f"missing: apt-get install {' '.join(still)}")


def _unpack(packages: list[str]) -> None:
    try:
        apt.unpack_beside(packages, unpacked_root(), say)
    except NotFetched as failure:
        raise NotFetched(f"{failure}; as root: apt-get install {' '.join(packages)}") from None


def _install(packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise NotFetched(f"install {' '.join(packages)}; this machine has no apt-get")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "-y", "--no-install-recommends", "install", *packages],
    ):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode and command[-1] != "update":
            raise NotFetched(f"apt-get install {' '.join(packages)} failed: {done.stderr.strip()[-300:]}")


def say(line: str) -> None:
    """Tell a person."""
    sys.stdout.write(f"· {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    try:
        bring(sys.argv[1:])
    except LabFailure as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(1)

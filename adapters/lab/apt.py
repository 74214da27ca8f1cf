"""A private apt: downloads Debian packages with their signature checked and unpacks them into a folder, without root.

It declines to know what the packages are for.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.lab import sources
from adapters.lab.failures import NotFetched

KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
STATUS_OF_THIS_MACHINE: Final = Path("/var/lib/dpkg/status")
DEADLINE: Final = 900.0

Say = Callable[[str], None]


def mirror(environ: Mapping[str, str]) -> str:
    """Return the Debian mirror: CTI_DEB_MIRROR, or the one this machine's own apt uses."""
    if chosen := environ.get("CTI_DEB_MIRROR"):
        return chosen.rstrip("/")
    if own := sources.debian():
        return own.address
    raise NotFetched("no Debian mirror in this machine's apt sources: set CTI_DEB_MIRROR to one")


def unpack(packages: Sequence[str], suite: str, into: Path, environ: Mapping[str, str], say: Say) -> None:
    """Put `packages` of one release and all they need into the new folder `into`, which then stands alone."""
    if not KEYRING.exists():
        raise NotFetched("debian-archive-keyring is missing: apt-get install debian-archive-keyring")
    with _workshop(into) as work:
        # Mirrors lag, so the date of the index is not checked; its signature is.
        trust = f"[check-valid-until=no signed-by={KEYRING}]"
        only = work / "sources.list"
        only.write_text(f"deb {trust} {mirror(environ)} {suite} main\n")
        nothing = {"preferencesparts": "/dev/null", "preferences": "/dev/null", "sourceparts": "/dev/null"}
        etc = {f"Dir::Etc::{name}": path for name, path in {"sourcelist": str(only), **nothing}.items()}
        strict = {"APT::Update::Error-Mode": "any"}  # a mirror that is away is a failure, not a warning
        _download_and_unpack(packages, _private(work, b"", etc | strict), work, into, say)


def unpack_beside(packages: Sequence[str], into: Path, say: Say) -> None:
    """Put `packages` into the new folder `into`, less what this machine has installed, from its own apt sources."""
    with _workshop(into) as work:
        installed = STATUS_OF_THIS_MACHINE.read_bytes()
        _download_and_unpack(packages, _private(work, installed, {}), work, into, say)


@contextlib.contextmanager
def _workshop(into: Path) -> Iterator[Path]:
    """Make a folder to work in beside `into`, and leave nothing of it."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NotFetched(f"{tool} is missing: the lab unpacks Debian packages with it")
    work = into.with_name(f"{into.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    try:
        for name in ("state/lists/partial", "cache/archives/partial", "tree"):
            (work / name).mkdir(parents=True)
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download_and_unpack(packages: Sequence[str], options: list[str], work: Path, into: Path, say: Say) -> None:
    say("reading the package lists")
    _run(["apt-get", *options, "-q", "update"])
    say(f"downloading {', '.join(packages)}")
    _run(["apt-get", *options, "-q", "-y", "install", "--download-only", *packages])
    debs = sorted((work / "cache/archives").glob("*.deb"))
    say(f"unpacking {len(debs)} packages")
    for deb in debs:
        _run(["dpkg-deb", "-x", str(deb), str(work / "tree")])
    (work / "tree").rename(into)


def _private(work: Path, installed: bytes, more: Mapping[str, str]) -> list[str]:
    """Return the options that keep apt inside the folder `work`, believing that `installed` is installed."""
    (work / "status").write_bytes(installed)
    settings = {
        "Dir::State": work / "state",
        "Dir::State::status": work / "status",
        "Dir::State::lists": work / "state/lists",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "0",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "1",
        **more,
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _run(command: Sequence[str]) -> None:
    """Run one step; its last words become the failure's text."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=DEADLINE, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise NotFetched(f"{command[0]} took longer than {DEADLINE:.0f} s") from None
    if done.returncode:
        words = [line for line in (done.stderr or done.stdout).splitlines() if line.startswith(("E:", "dpkg", "W:"))]
        raise NotFetched(f"{command[0]} failed: {'; '.join(words[:3]) or done.stderr[-300:]}")

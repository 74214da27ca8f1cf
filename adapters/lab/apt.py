"""A private apt: downloads Debian packages with their signature checked and unpacks them into a folder, without root.

It declines to know what the packages are for.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from adapters.lab.failures import NotFetched

KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
STATUS_OF_THIS_MACHINE: Final = Path("/var/lib/dpkg/status")
DEADLINE: Final = 900.0

Say = Callable[[str], None]


def mirror(environ: Mapping[str, str]) -> str:
    """Return the Debian mirror: CTI_DEB_MIRROR, or the one this machine's own apt uses."""
    if chosen := environ.get("CTI_DEB_MIRROR"):
        return chosen.rstrip("/")
    for uri, _ in _own_sources():
        if uri.endswith("/debian"):
            return uri
    raise NotFetched("no Debian mirror in this machine's apt sources: set CTI_DEB_MIRROR to one")


def own_suite() -> str:
    """Return the Debian release of this machine, for programs that must fit its own libraries."""
    for uri, suite in _own_sources():
        if uri.endswith("/debian"):
            return suite
    raise NotFetched("no Debian release in this machine's apt sources")


def unpack(
    packages: Sequence[str],
    suite: str,
    into: Path,
    environ: Mapping[str, str],
    say: Say,
    *,
    beside_system: bool = False,
) -> None:
    """Put `packages` and what they need into the new folder `into`; whole or not at all.

    `beside_system` leaves out what this machine has installed already; without it the folder stands alone.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NotFetched(f"{tool} is missing: the lab unpacks Debian packages with it")
    if not KEYRING.exists():
        raise NotFetched("debian-archive-keyring is missing: apt-get install debian-archive-keyring")
    work = into.with_name(f"{into.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    try:
        options = _private(work / "apt", mirror(environ), suite, beside_system=beside_system)
        say(f"reading the package lists of {suite}")
        _run(["apt-get", *options, "-q", "update"])
        say(f"downloading {', '.join(packages)}")
        _run(["apt-get", *options, "-q", "-y", "install", "--download-only", *packages])
        debs = sorted((work / "apt/cache/archives").glob("*.deb"))
        say(f"unpacking {len(debs)} packages")
        tree = work / "tree"
        tree.mkdir()
        for deb in debs:
            _run(["dpkg-deb", "-x", str(deb), str(tree)])
        into.parent.mkdir(parents=True, exist_ok=True)
        tree.rename(into)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _own_sources() -> list[tuple[str, str]]:
    """Return (address, suite) of what this machine's apt reads, in whichever file format it is written."""
    if shutil.which("apt-get") is None:
        return []
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)"], capture_output=True, text=True, check=False
    )
    pairs = [line.split() for line in told.stdout.splitlines()]
    return [(pair[0].rstrip("/"), pair[1]) for pair in pairs if len(pair) == 2]


def _private(folder: Path, address: str, suite: str, *, beside_system: bool) -> list[str]:
    """Lay out apt's folders and return the options that keep it inside them."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    status = folder / "status"
    status.write_bytes(STATUS_OF_THIS_MACHINE.read_bytes() if beside_system else b"")
    # Mirrors lag, so the date of the index is not checked; its signature is.
    trust = f"[check-valid-until=no signed-by={KEYRING}]"
    (folder / "sources.list").write_text(f"deb {trust} {address} {suite} main\n")
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": status,
        "Dir::State::lists": folder / "state/lists",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "0",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "1",
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

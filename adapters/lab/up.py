"""The lab's Asterisk as one thing to be had: up, down, status. Used by `make lab` and by `cti lab`."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.lab.asterisk import Asterisk
from adapters.lab.children import Child
from adapters.lab.config import configure
from adapters.lab.fetch import fetch
from adapters.lab.fetch_voice import fetch_voice
from adapters.lab.names import stall_of_own_name
from adapters.lab.place import Place


@dataclass(frozen=True, slots=True)
class Status:
    """An Asterisk that is up."""

    pid: int
    version: str
    booted: bool


def up(place: Place, say: Callable[[str], None]) -> Child | None:
    """Start the lab's Asterisk, in the background; None when it was up already."""
    asterisk = Asterisk(place, fetch(place.root, say=say))
    fetch_voice(place.voice, say=say)
    if (pid := asterisk.pid()) is not None:
        say(f"Asterisk is up already, pid {pid}")
        return None
    if line := stall_of_own_name():
        say(line)
    configure(place, asterisk.programs)
    child = asterisk.start(outlives_us=True)
    say(f"Asterisk booted, pid {child.pid}; logins are in {place.folder / 'credentials.json'}")
    return child


def down(place: Place) -> bool:
    """Stop the lab's Asterisk; tell whether there was one."""
    if not (place.folder / "asterisk.pid").exists():
        return False
    return Asterisk(place, fetch(place.root)).stop()


def status(place: Place) -> Status | None:
    """Return what is up, or None."""
    if not (place.folder / "asterisk.pid").exists():
        return None
    asterisk = Asterisk(place, fetch(place.root))
    pid = asterisk.pid()
    if pid is None:
        return None
    told = asterisk.ask("core show version")
    version = next((line.split(" ")[1] for line in (told or "").splitlines() if line.startswith("Asterisk ")), "")
    return Status(pid, version, told is not None)

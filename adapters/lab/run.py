"""`make run`: Asterisk, the server and the robots together in the foreground, until Ctrl-C.

It declines to know what any of them does; it brings them up in order, keeps them up, and leaves nothing behind.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from adapters.lab.asterisk import Asterisk, refuse_taken
from adapters.lab.box import show
from adapters.lab.children import Child, start
from adapters.lab.config import configure
from adapters.lab.failures import LabFailure, NotBooted, PortTaken
from adapters.lab.fetch import fetch
from adapters.lab.fetch_voice import fetch_voice
from adapters.lab.keep import Keeper
from adapters.lab.names import stall_of_own_name
from adapters.lab.place import CHECKOUT, Place, declared, place
from adapters.lab.seeded import Seeded

LOOK_EVERY: Final = 0.2
READY_WITHIN: Final = 60.0
ONE_STEP_WITHIN: Final = 120.0


def main() -> int:
    """Run until told to stop; return the exit code."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    keeper = Keeper(say)
    try:
        where = place()
        with _alone(where):
            _bring_up(where, keeper, stop)
            while not stop.wait(LOOK_EVERY):
                keeper.look()
    except LabFailure as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    finally:
        keeper.stop()
    say("everything has ended")
    return 0


def _bring_up(where: Place, keeper: Keeper, stop: threading.Event) -> None:
    began = time.monotonic()
    robots = _number("CTI_DEMO_ROBOTS", 6)
    calls = _number("CTI_DEMO_CALLS_PER_MINUTE", 10)
    _refuse_taken_ports(where)
    asterisk = Asterisk(where, fetch(where.root, say=say))
    fetch_voice(where.voice, say=say)
    if asterisk.stop():
        say("stopped the Asterisk that `make lab` had started")
    if warning := stall_of_own_name():
        say(warning)
    configure(where, asterisk.programs)
    environ = {**os.environ, "CTI_LAB_DIR": str(where.folder)}

    say("Asterisk and database")
    migration = _begin(where, ["migrate"], environ)
    try:
        keeper.start("Asterisk", asterisk.start, grace=3.0, again=asterisk.launch)
        _end(where, ["migrate"], migration)
    finally:
        migration.stop(0.0)
    if stop.is_set():
        return
    seeded = Seeded(where, environ)
    if not seeded.already():
        say("demo tenant")
        _end(where, ["lab", "seed"], _begin(where, ["lab", "seed"], environ))
        seeded.remember()
    say("server")
    keeper.start("server", lambda: _server(where, environ), grace=4.0)
    if not _await_ready(where, keeper, stop):
        return
    if robots or calls:
        say(f"{robots} robot agents, {calls} calls a minute")
        keeper.start("robots", lambda: _robots(where, environ, robots, calls), grace=2.0)
    say(f"ready after {time.monotonic() - began:.1f} s")
    show(where, json.loads((where.folder / "credentials.json").read_text(encoding="utf-8")), robots, calls)


def _alone(where: Place) -> IO[str]:
    """Hold the lab's folder: a second run on it would fight over every port and file."""
    where.folder.mkdir(parents=True, exist_ok=True)
    lock = (where.folder / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise PortTaken(f"{where.folder} is in use by another `make run` (pid {lock.read().strip()})") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _refuse_taken_ports(where: Place) -> None:
    """Look at the server's ports before anything is fetched; Asterisk's are looked at when it starts."""
    refuse_taken(socket.SOCK_STREAM, where.server_port, "CTI_HTTP_PORT")
    refuse_taken(socket.SOCK_STREAM, where.agi_port, "CTI_AGI_PORT")


def _begin(where: Place, words: list[str], environ: Mapping[str, str]) -> Child:
    """Start one `cti` command."""
    _log(where, words).unlink(missing_ok=True)
    return start(" ".join(words), [_cti(), *words], log=_log(where, words), environ=environ, folder=CHECKOUT)


def _end(where: Place, words: list[str], command: Child) -> None:
    """Wait for its end; its last lines tell what went wrong."""
    try:
        code = command.process.wait(ONE_STEP_WITHIN)
    except subprocess.TimeoutExpired:
        code = command.stop(0.0)
    if code:
        raise NotBooted(f"cti {' '.join(words)} failed: {_tail(_log(where, words))}")


def _log(where: Place, words: list[str]) -> Path:
    return where.folder / "log" / f"{'-'.join(words)}.out"


def _server(where: Place, environ: Mapping[str, str]) -> Child:
    return start("server", [_cti(), "serve"], log=where.folder / "log/server.out", environ=environ, folder=CHECKOUT)


def _robots(where: Place, environ: Mapping[str, str], robots: int, calls: int) -> Child:
    command = [sys.executable, "-m", "adapters.lab.robots", str(robots), str(calls)]
    return start("robots", command, log=where.folder / "log/robots.out", environ=environ, folder=CHECKOUT)


def _await_ready(where: Place, keeper: Keeper, stop: threading.Event) -> bool:
    """Wait for the server's word that it can take calls; False when told to stop meanwhile."""
    until = time.monotonic() + READY_WITHIN
    said = "no answer"
    while time.monotonic() < until:
        if stop.wait(LOOK_EVERY):
            return False
        keeper.look()
        try:
            with urllib.request.urlopen(f"{where.base_url}/readyz", timeout=2.0) as answer:
                if answer.status == 200:
                    return True
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
        except OSError as error:
            said = str(error)
    raise NotBooted(f"the server is not ready ({said}): {_tail(where.folder / 'log/server.out')}")


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return f"{' | '.join(lines[-3:])} (see {log})"


def _cti() -> str:
    return str(Path(sys.executable).with_name("cti"))


def _number(name: str, default: int) -> int:
    text = declared().get(name) or str(default)
    if not text.isdigit():
        raise LabFailure(f"{name}={text}: not a number")
    return int(text)


def say(line: str) -> None:
    """Tell a person."""
    sys.stdout.write(f"· {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

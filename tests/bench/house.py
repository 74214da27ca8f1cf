"""A lab and a server for one measurement, on a database of their own, and SIPp to call them with.

The server has a processor of its own where there are two, as `docs/operations.md` has it for a busy site: Asterisk and
the phones are on the others. Who measures is on all of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from adapters.lab.asterisk import Asterisk
from adapters.lab.config import configure
from adapters.lab.fetch import fetch
from adapters.lab.keys import Keys
from adapters.lab.place import CHECKOUT, Place
from tests.live.centre import Centre
from tests.live.conftest import Lab
from tests.live.nursery import Child
from tests.live.sipp import Sipp


@dataclass(frozen=True, slots=True)
class House:
    where: Place
    keys: Keys
    centre: Centre
    sipp: Sipp


class Plain(Centre):
    """Its server is started as everybody starts it."""

    def _serve(self) -> Child:
        with (self.folder / "server.log").open("ab") as log, on_processors(server=True):
            return subprocess.Popen([sys.executable, "-m", "adapters.cli", "serve"], env=self.environ, stderr=log)


class Phones(Sipp):
    """Keep off the server's processor."""

    def _begin(self, command: Sequence[str], folder: Path, out: IO[bytes]) -> subprocess.Popen[bytes]:
        with on_processors(server=False):
            return super()._begin(command, folder, out)


def division() -> tuple[set[int], set[int]]:
    """The server's processor, which is the last one, and the others; where there is one, it is everybody's."""
    ours = os.sched_getaffinity(0)
    last = {max(ours)}
    return last, ours - last or last


@contextmanager
def on_processors(*, server: bool) -> Iterator[None]:
    """What is started in here runs on the server's processor, or on the others."""
    ours = os.sched_getaffinity(0)
    own, others = division()
    os.sched_setaffinity(0, own if server else others)
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


@asynccontextmanager
async def house(*, bench: bool = False, furnish: Callable[[Path], None] | None = None) -> AsyncIterator[House]:
    """Boot all of it; `furnish` has the database file before the server has. With `bench` there is an app_queue too."""
    root = CHECKOUT / ".lab/root"
    folder = Path(tempfile.mkdtemp(prefix="cti-bench-"))
    where = Place(folder=folder, root=root, bench=bench)
    programs = fetch(root)
    keys = configure(where, programs)
    asterisk = Asterisk(where, programs)
    with on_processors(server=False):
        lab = Lab(where, asterisk, keys, asterisk.start())
    centre = Plain(lab, "sqlite+aiosqlite:///{folder}/cti.db")
    sipp = Phones(programs, where.sip_port, keys)
    try:
        centre.cti("migrate")
        centre.cti("lab", "seed")
        if furnish is not None:
            furnish(Path(centre.environ["CTI_DATABASE_URL"].partition("///")[2]))
        await centre.start()
        yield House(where, keys, centre, sipp)
    finally:
        sipp.close()
        await centre.close()
        lab.kill()
        shutil.rmtree(folder, ignore_errors=True)

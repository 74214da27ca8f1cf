"""A real Asterisk for each test process, and phones that connect to it."""

import asyncio
import json
import re
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.lab.asterisk import Asterisk
from adapters.lab.children import Child
from adapters.lab.config import configure
from adapters.lab.fetch import fetch
from adapters.lab.keys import Keys
from adapters.lab.place import CHECKOUT, Place
from tests.live.centre import SQLITE, Centre
from tests.live.phone import Phone
from tests.live.sip_message import Login
from tests.live.sipp import Sipp
from tests.live.tap import Tap

SWEEP_SECONDS = 20.0
COMPLAINT = re.compile(
    r"does not exist in any format|Unable to open|error streaming|syntax error|No application|No such application"
    r"|Unknown (application|function)|not registered|requires an argument"
)
"""What Asterisk says when it passes over what it was told: mostly a caller hears nothing, and the call goes on."""

STEPS = "steps.log"
"""Where Asterisk writes each step of the dialplan: a call that it ended by itself leaves no other trace."""


@dataclass(slots=True)
class Lab:
    """A running Asterisk of our own."""

    place: Place
    asterisk: Asterisk
    keys: Keys
    child: Child

    @property
    def sip(self) -> tuple[str, int]:
        """Where phones send to."""
        return "127.0.0.1", self.place.sip_port

    @property
    def credentials(self) -> dict[str, Any]:
        """What credentials.json says."""
        return dict(json.loads((self.place.folder / "credentials.json").read_text(encoding="utf-8")))

    def kill(self) -> None:
        """kill -9: a polite signal would let it hang up its calls first, now and then."""
        self.child.signal(signal.SIGKILL)
        self.child.process.wait()

    def start(self) -> None:
        """Start Asterisk again."""
        self.child = self.asterisk.start()

    def restart_clean(self) -> None:
        """End whatever a test left up."""
        self.kill()
        self.start()

    def sweep(self) -> None:
        """Leave Asterisk as a new one is: no call up, and none remembered from the tests before."""
        self.asterisk.ask("channel request hangup all")
        until = time.monotonic() + SWEEP_SECONDS
        while "0 active channels" not in (self.asterisk.ask("core show channels count") or ""):
            still = self.asterisk.ask("core show channels concise")
            assert time.monotonic() < until, f"calls of an earlier test do not end: {still}"
        self.asterisk.ask("database deltree cti-ended")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Return this test process's Asterisk, booted."""
    root = CHECKOUT / ".lab/root"
    if shutil.which("asterisk") is None and not root.exists():
        pytest.fail("the lab's Asterisk is not fetched yet: run `make fetch`")
    folder = Path(tempfile.mkdtemp(prefix="cti-lab-"))
    where = Place(folder=folder, root=root)
    programs = fetch(root)
    keys = configure(where, programs)
    with (where.etc / "logger.conf").open("a", encoding="utf-8") as logger:
        logger.write(f"{STEPS} = verbose(3)\n")
    asterisk = Asterisk(where, programs)
    running = Lab(where, asterisk, keys, asterisk.start())
    try:
        yield running
    finally:
        running.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_passed_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test in which Asterisk could not do what it was told has failed, whatever else it has seen."""
    if "lab" not in request.fixturenames or request.node.get_closest_marker("asterisk_complains"):
        yield
        return
    log = request.getfixturevalue("lab").asterisk.log
    before = log.stat().st_size
    yield
    said = log.read_bytes()
    new = said[before if before <= len(said) else 0 :].decode(errors="replace")
    complaints = [line for line in new.splitlines() if COMPLAINT.search(line)]
    assert complaints == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test that failed say what the server, Asterisk and the phones saw."""
    report = yield
    if report.failed and call.when == "call":
        for each in getattr(item, "funcargs", {}).values():
            if isinstance(each, Centre):
                report.sections.append(("what the server logged", each.log))
            elif isinstance(each, Lab):
                channels = each.asterisk.ask("core show channels concise") or "no answer"
                contacts = each.asterisk.ask("pjsip show contacts") or "no answer"
                report.sections.append(("what Asterisk says", channels + contacts + tail(each.asterisk.log)))
                steps = tail(each.asterisk.log.with_name(STEPS), 9000)
                report.sections.append(("the last steps of the dialplan", steps))
            elif isinstance(each, Phones):
                report.sections.append(("what the phones saw", "\n".join(each.ladder()[-60:])))
    return report


def tail(file: Path, most: int = 3000) -> str:
    """The last lines of a log, of so many characters at most."""
    return file.read_text(encoding="utf-8", errors="replace")[-most:]


class Phones:
    """Makes phones and callers, and ends their calls when the test is over."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._made: list[Phone] = []

    async def desk(self, number: str, *, register: bool = True) -> Phone:
        """Return an agent's desk phone, signed in."""
        phone = await self.opened(Login(number, self._lab.keys[f"{number}.desk"]))
        if register:
            answer = await phone.register()
            assert answer.status == 200, answer.first
        return phone

    async def opened(self, login: Login) -> Phone:
        """Return a phone with this login, which has not registered."""
        phone = await Phone("127.0.0.1", self._lab.sip, login).open()
        self._made.append(phone)
        return phone

    async def trunk(self, address: str = "127.0.0.2") -> Phone:
        """Return the carrier's end: callers come from here."""
        phone = await Phone(address, self._lab.sip).open()
        self._made.append(phone)
        return phone

    async def carrier(self, address: str = "") -> Phone:
        """Return the other end of the lab's trunk, where calls to the outside world arrive; or that of another one."""
        phone = Phone(address or "127.0.0.2", self._lab.sip)
        phone.wary = True
        await phone.open(0 if address else self._lab.place.trunk_port)
        self._made.append(phone)
        return phone

    def ladder(self) -> list[str]:
        """What came and went, of all phones, in order of time."""
        return sorted(line for phone in self._made for line in phone.ladder)

    async def close(self) -> None:
        """End every call that is up, sign out and go."""
        for phone in self._made:
            mine = [leg for leg in phone.legs.values() if leg.answered.is_set() or leg.invite is None]
            await asyncio.gather(*(leg.leave() for leg in mine))
            if phone.registered:
                await phone.unregister()
            phone.close()


@pytest_asyncio.fixture
async def phones(lab: Lab) -> AsyncIterator[Phones]:
    """Return the maker of phones."""
    made = Phones(lab)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def events(lab: Lab) -> AsyncIterator[Tap]:
    """Return a session like the server's own events session."""
    tap = await Tap(lab.place.ami_port, "cti-events", lab.keys["ami_events"]).open()
    yield tap
    await tap.close()


@pytest_asyncio.fixture
async def control(lab: Lab) -> AsyncIterator[Tap]:
    """Return a session like the server's own control session."""
    tap = await Tap(lab.place.ami_port, "cti-control", lab.keys["ami"]).open()
    yield tap
    await tap.close()


@pytest.fixture
def sipp(lab: Lab) -> Iterator[Sipp]:
    """Return the maker of SIPp phones and callers."""
    made = Sipp(lab.asterisk.programs, lab.place.sip_port, lab.keys)
    yield made
    made.close()


@pytest.fixture(scope="session")
def template(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the demonstration's tenant in it, made once and copied for each test."""
    made = Centre(lab, f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('template')}/cti.db")
    made.cti("migrate")
    made.cti("lab", "seed")
    shutil.rmtree(made.folder)  # the database is elsewhere
    return Path(made.environ["CTI_DATABASE_URL"].partition("///")[2])


@pytest_asyncio.fixture
async def small(lab: Lab, template: Path) -> AsyncIterator[Centre]:
    """A server that is ready, on a database file of its own."""
    made = Centre(lab, SQLITE)
    shutil.copy(template, made.folder / "cti.db")
    await made.start()
    yield made
    await made.close()

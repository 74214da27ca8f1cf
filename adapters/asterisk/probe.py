"""One look at a login, for `cti doctor`: what is wrong with it, told apart. It changes nothing at Asterisk."""

import asyncio
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from adapters.asterisk.connection import Pace
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import Down, LinkFailure
from adapters.asterisk.link import FULLY_BOOTED, granted
from adapters.asterisk.session import AmiSession
from adapters.asterisk.wire import Message

NEEDED: Final = frozenset({"DeviceStateList", "Hangup", "Originate", "Redirect", "Setvar", "Status"})
TOO_MUCH: Final = frozenset({"Command", "DBPut", "ModuleLoad", "UpdateConfig", "AGI"})


class Finding(StrEnum):
    """What `probe` found."""

    OK = "ok"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    NOT_ASTERISK = "not_asterisk"
    CLOSED_EARLY = "closed_early"
    BAD_SECRET = "bad_secret"
    NO_PRIVILEGE = "no_privilege"
    NOT_BOOTED = "not_booted"  # or an events user without read class `system`: Asterisk tells neither apart


_BY_REASON: Final = {
    Down.REFUSED: Finding.REFUSED,
    Down.SILENT: Finding.TIMED_OUT,
    Down.UNREACHABLE: Finding.UNREACHABLE,
    Down.NOT_ASTERISK: Finding.NOT_ASTERISK,
    Down.AUTH: Finding.BAD_SECRET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The finding, and what was seen on the way to it."""

    finding: Finding
    version: str = ""
    grants: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    too_much: frozenset[str] = frozenset()
    """Granted, and able to take over the machine: the user should lose the class behind it."""


async def probe(
    *,
    host: str,
    port: int,
    username: str,
    secret: str,
    events: bool,
    needed: frozenset[str] = NEEDED,
    too_much: frozenset[str] = TOO_MUCH,
    seconds: float = 5.0,
    pace: Pace | None = None,
) -> Probe:
    """Log in once, as the events user or as one who may take the actions `needed`, and say what came of it within about
    `seconds`."""
    rise: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    booted = asyncio.Event()

    def settle(why: str) -> None:
        if not rise.done():
            rise.set_result(why)

    def note_event(_message: Message) -> None:
        booted.set()

    session = AmiSession(
        host=host,
        port=port,
        username=username,
        secret=secret,
        name="probe",
        events=events,
        on_event=note_event,
        on_up=lambda: settle(""),
        on_down=settle,
        wanted=frozenset({FULLY_BOOTED.encode()}) if events else frozenset(),
        pace=replace(pace or Pace(), connect=seconds, login=seconds),
    )
    running = asyncio.create_task(session.run())
    try:
        why = await rise
        if why:
            return Probe(finding=_BY_REASON.get(Down(why), Finding.CLOSED_EARLY), version=session.version)
        if events:
            return await _look_booted(session, booted, seconds)
        return await _look_granted(session, needed, too_much, seconds)
    finally:
        session.close()
        await running


async def _look_booted(session: AmiSession, booted: asyncio.Event, seconds: float) -> Probe:
    try:
        async with asyncio.timeout(seconds):
            await booted.wait()
    except TimeoutError:
        return Probe(finding=Finding.NOT_BOOTED, version=session.version)
    return Probe(finding=Finding.OK, version=session.version)


async def _look_granted(session: AmiSession, needed: frozenset[str], too_much: frozenset[str], seconds: float) -> Probe:
    try:
        grants = granted(await session.ask(Action("ListCommands"), seconds))
    except LinkFailure:
        return Probe(finding=Finding.NO_PRIVILEGE, version=session.version, missing=needed)
    missing = needed - grants
    finding = Finding.NO_PRIVILEGE if missing else Finding.OK
    return Probe(finding=finding, version=session.version, grants=grants, missing=missing, too_much=too_much & grants)

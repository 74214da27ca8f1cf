"""`cti doctor`: looks at everything the server needs, and prints what to paste where something is wrong."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.asterisk.ari_probe import probe_ari
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure, Rejected
from adapters.asterisk.probe import Finding, Probe, probe
from adapters.asterisk.session import AmiSession
from adapters.settings import Settings
from adapters.store.failures import StoreFailure
from adapters.store.migrate import at_head
from adapters.voice.build import place
from adapters.voice.builtin import texts
from adapters.voice.programs import find
from cti.errors import NoVoice

WRITTEN_BY: Final = {
    "cti-entry": "dialplans/cti-entry.conf",
    "cti-wait": "dialplans/cti-wait.conf",
    "cti-deliver": "dialplans/cti-deliver.conf",
    "cti-want": "dialplans/cti-deliver.conf",
    "cti-after": "dialplans/cti-entry.conf",
    "cti-room": "dialplans/cti-control.conf",
    "cti-fallback": "dialplans/cti-fallback.conf",
    "cti-lastwords": "dialplans/cti-lastwords.conf",
    "cti-record": "dialplans/cti-record.conf",
}
CONTEXTS: Final = tuple(WRITTEN_BY)
SECONDS: Final = 3.0
STALL_SECONDS: Final = 1.0
CLOCKS_APART: Final = 2.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `paste` is what mends it."""

    name: str
    ok: bool
    says: str
    paste: str = ""


async def examine(settings: Settings) -> AsyncIterator[Check]:
    yield await _database(settings)
    yield _folder("recordings folder", settings.recordings_dir)
    yield _folder("state folder", settings.state_dir)
    yield _folder("prompts folder", settings.prompts_dir)
    yield _voice(settings.voice_dir)
    events = await _login(settings, events=True)
    control = await _login(settings, events=False)
    yield events
    yield control
    yield await _answering(settings)
    if control.ok:
        async for check in _asked(settings):
            yield check
    yield await _ari(settings)
    yield await _agi(settings)
    yield await _own_name()


def _stanza(user: str, setting: str, rights: str) -> str:
    return (
        f"[{user}]                        ; manager.conf, then: asterisk -rx 'manager reload'\n"
        f"secret = <the value of CTI_AMI_{setting}SECRET>\n"
        "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
        f"allowmultiplelogin = yes\nwritetimeout = 5000\n{rights}"
    )


async def _login(settings: Settings, *, events: bool) -> Check:
    user = settings.ami_events_user if events else settings.ami_user
    secret = settings.ami_events_secret if events else settings.ami_secret
    name = f"AMI login {user}"
    found = await probe(
        host=settings.ami_host,
        port=settings.ami_port,
        username=user,
        secret=secret.get_secret_value(),
        events=events,
        seconds=SECONDS,
    )
    if events:
        stanza = _stanza(user, "EVENTS_", "read = system,call,user")
    else:
        stanza = _stanza(user, "", "read = system\nwrite = call,originate,reporting")
    return _judged(settings, found, name, stanza)


def _judged(settings: Settings, found: Probe, name: str, stanza: str) -> Check:
    where = f"{settings.ami_host}:{settings.ami_port}"
    match found.finding:
        case Finding.OK if found.too_much:
            return Check(name, False, f"may do more than it needs: {', '.join(sorted(found.too_much))}", stanza)
        case Finding.OK:
            return Check(name, True, f"logged in at {where}")
        case Finding.REFUSED:
            paste = "asterisk -rx 'manager show settings'   # enabled = yes, and the port of CTI_AMI_PORT"
            return Check(name, False, f"nothing listens at {where}", paste)
        case Finding.BAD_SECRET:
            return Check(name, False, "the secret is wrong, or the user is not allowed from this address", stanza)
        case Finding.NO_PRIVILEGE:
            return Check(name, False, f"lacks the right to {', '.join(sorted(found.missing))}", stanza)
        case Finding.NOT_BOOTED:
            return Check(name, False, "hears no FullyBooted: Asterisk still boots, or read lacks `system`", stanza)
        case Finding.NOT_ASTERISK:
            return Check(name, False, f"what listens at {where} is not Asterisk's manager", "CTI_AMI_PORT=5038")
        case _:
            return Check(
                name, False, f"no answer from {where}: {found.finding.value}", f"nc -vz {where.replace(':', ' ')}"
            )


async def _answering(settings: Settings) -> Check:
    """The login that may make desk phones answer, where this is wanted at all."""
    user = settings.ami_system_user
    if not user:
        return Check("AMI login for answering", True, "is off: desk phones are answered by hand")
    found = await probe(
        host=settings.ami_host,
        port=settings.ami_port,
        username=user,
        secret=settings.ami_system_secret.get_secret_value(),
        events=False,
        needed=frozenset({"PJSIPNotify"}),
        too_much=frozenset(),
        seconds=SECONDS,
    )
    return _judged(settings, found, f"AMI login {user}", _stanza(user, "SYSTEM_", "write = system"))


async def _asked(settings: Settings) -> AsyncIterator[Check]:
    """One session asks for the time there, and for each context we rely on."""
    up = asyncio.Event()
    session = AmiSession(
        host=settings.ami_host,
        port=settings.ami_port,
        username=settings.ami_user,
        secret=settings.ami_secret.get_secret_value(),
        name="doctor",
        events=False,
        on_event=None,
        on_up=up.set,
        on_down=lambda _: None,
        wanted=frozenset(),
    )
    running = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(SECONDS):
            await up.wait()
        yield await _clock(session)
        for context in CONTEXTS:
            yield await _context(session, context)
    except TimeoutError:
        yield Check("dialplan", False, "Asterisk does not answer")
    finally:
        session.close()
        await running


async def _clock(session: AmiSession) -> Check:
    began = time.time()
    try:
        told = (await session.ask(Action("Ping"), SECONDS)).get("Timestamp")
        return clocks(float(told), began, time.time())
    except (LinkFailure, ValueError) as failure:
        return Check("clock", False, f"Asterisk does not say what time it is: {failure}")


def clocks(theirs: float, asked: float, answered: float) -> Check:
    """Asterisk's clock beside ours: arrivals are told by the one, ends of waits by the other."""
    apart = max(asked - theirs, theirs - answered, 0.0)
    if apart <= CLOCKS_APART:
        return Check("clock", True, "is the same here and at Asterisk")
    paste = "timedatectl set-ntp true        # here and where Asterisk runs"
    return Check("clock", False, f"{apart:.0f} s apart from Asterisk's", paste)


async def _context(session: AmiSession, context: str) -> Check:
    name = f"dialplan context {context}"
    try:
        await session.ask_list(Action("ShowDialPlan", (("Context", context),)), SECONDS)
    except Rejected:
        file = WRITTEN_BY[context]
        paste = f"#include {Path(file).name}      ; in extensions.conf, with {file} beside it; then: dialplan reload"
        return Check(name, False, "is missing", paste)
    except LinkFailure as failure:
        return Check(name, False, f"could not be asked for: {failure}")
    return Check(name, True, "is there")


async def _ari(settings: Settings) -> Check:
    """Whether phones and trunks can be made, where this is wanted at all."""
    name, secret = "ARI for phones and trunks", settings.ari_secret.get_secret_value()
    given = {"CTI_ARI_URL": settings.ari_url, "CTI_ARI_USER": settings.ari_user, "CTI_ARI_SECRET": secret}
    if not any(given.values()):
        return Check(name, True, "is off: phones and trunks are Asterisk's own")
    if not all(given.values()):
        missing = [one for one, value in given.items() if not value]
        return Check(name, False, f"is off for want of {', '.join(missing)}", "\n".join(f"{one}=…" for one in missing))
    says, paste = await probe_ari(settings.ari_url, settings.ari_user, secret, SECONDS)
    return Check(name, not says, says or f"takes phones and trunks at {settings.ari_url}", paste)


async def _agi(settings: Settings) -> Check:
    name = "FastAGI port"
    where = f"{settings.agi_host}:{settings.agi_port}"
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(settings.agi_host, settings.agi_port)
        writer.close()
    except (OSError, TimeoutError):
        paste = "cti serve        # the server listens there while it runs"
        return Check(name, False, f"nothing can be reached at {where}", paste)
    return Check(name, True, f"reached at {where}")


def _folder(name: str, folder: Path) -> Check:
    """Writable, or its nearest parent that exists is, so that it can be made."""
    here = folder
    while not here.exists() and here != here.parent:
        here = here.parent
    if here.is_dir() and os.access(here, os.W_OK | os.X_OK):
        return Check(name, True, f"{folder} can be written")
    user = os.environ.get("USER", "cti")
    return Check(name, False, f"{folder} cannot be written", f"install -d -o {user} {folder}")


def _voice(folder: Path) -> Check:
    """All built-in prompts made, and what makes new ones at hand."""
    missing = [
        name
        for language, of_language in texts().items()
        for name in of_language
        if not place(folder, language, name).is_file()
    ]
    try:
        find(folder)
    except NoVoice as wanting:
        return Check("prompts", False, "no new ones can be made", wanting.message.rpartition(": ")[2])
    if missing:
        return Check("prompts", False, f"{len(missing)} built-in ones are missing in {folder}", "cti prompt build")
    return Check("prompts", True, f"all built-in ones are in {folder}")


async def _database(settings: Settings) -> Check:
    name = "database"
    try:
        if await at_head(settings.database_url):
            return Check(name, True, "is at this version")
    except StoreFailure as failure:
        return Check(name, False, f"does not answer: {failure}", "CTI_DATABASE_URL=postgresql+asyncpg://user@host/cti")
    return Check(name, False, "is not at this version, or not there yet", "cti migrate")


async def _own_name() -> Check:
    """Asterisk looks its host's name up; where nobody answers it stalls for seconds at every call."""
    name = socket.gethostname()
    began = time.monotonic()
    try:
        async with asyncio.timeout(STALL_SECONDS):
            await asyncio.get_running_loop().getaddrinfo(name, None)
    except (OSError, TimeoutError):
        if time.monotonic() - began >= STALL_SECONDS:
            return Check("host name look-up", False, f"{name} stalls", f"127.0.1.1 {name}      # in /etc/hosts")
        return Check("host name look-up", False, f"{name} is not known", f"127.0.1.1 {name}      # in /etc/hosts")
    return Check("host name look-up", True, f"{name} is found at once")

"""`cti recording`: what is recorded, what there is, whether it is whole, and erasing a customer's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from adapters.archive import storage_of
from adapters.asterisk.numbers import written
from adapters.cli.audit import on_record
from adapters.cli.common import Json, Tenant, fail, settings, show, with_store
from adapters.prompts import refuse_silence
from adapters.recordings.failures import NoStorage, StorageFailure
from adapters.recordings.storage import Storage
from adapters.store.database import Database
from adapters.store.recordings import Recordings
from adapters.store.seed import DEMO
from adapters.store.voicemails import Voicemails
from adapters.voicemails import erase
from cti.ids import TenantId
from cti.recording.kept import Kept, Wanted, kept_shape
from cti.recording.policy import RecordingRules

recording_app = typer.Typer(help="Recordings and the rules for them.", no_args_is_help=True)

_TABLES: Final[Mapping[str, str]] = {"queue": "queues", "number": "numbers", "agent": "agents"}
_BRIEF: Final = ("id", "call", "number", "queue", "agents", "began_at", "seconds", "mode", "truncated")

What = Annotated[str, typer.Argument(help="queue, number, agent or tenant.")]
Name = Annotated[str, typer.Argument(help="Which one; for the tenant a dash.")]
Word = Annotated[str, typer.Argument(help="always, never, on_demand, a percentage such as 30%, or none.")]
Announcement = Annotated[str | None, typer.Option(help="The prompt callers hear before; empty: none.")]
KeepDays = Annotated[int | None, typer.Option(help="Days until recordings are removed; 0: never.")]
Reason = Annotated[str, typer.Option(help="Why; it goes on record.")]
Limit = Annotated[int, typer.Option(min=1, max=500)]


async def _rules(database: Database, tenant: TenantId) -> RecordingRules:
    return (await Recordings(database).rules()).get(tenant, RecordingRules())


@recording_app.command("rules")
def recording_rules(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """What is recorded."""
    rules = with_store(lambda database: _rules(database, TenantId(tenant)))
    if as_json:
        show([asdict(rules)], as_json)
        return
    rows = [{"for": "tenant", "name": "-", "rule": rules.default or "none"}]
    for what, table in _TABLES.items():
        rows += [{"for": what, "name": name, "rule": word} for name, word in sorted(getattr(rules, table).items())]
    rows.append({"for": "announcement", "name": "-", "rule": rules.announcement or "none"})
    rows.append({"for": "kept", "name": "-", "rule": f"{rules.keep_days} days" if rules.keep_days else "for ever"})
    show(rows, as_json)


@recording_app.command("rule")
def recording_rule(what: What, name: Name, word: Word, tenant: Tenant = DEMO) -> None:
    """Say what is recorded of a queue, a number dialled, an agent, or where nobody else says anything."""
    rule = "" if word == "none" else word
    if what != "tenant" and what not in _TABLES:
        fail(f"{what!r} is none of queue, number, agent, tenant")

    async def work(database: Database) -> None:
        rules = await _rules(database, TenantId(tenant))
        if what == "tenant":
            changed = replace(rules, default=rule)
        else:
            table = {key: value for key, value in getattr(rules, _TABLES[what]).items() if key != name}
            change: dict[str, Any] = {_TABLES[what]: {**table, name: rule} if rule else table}
            changed = replace(rules, **change)
        await Recordings(database).set_rules(TenantId(tenant), changed)
        await on_record(database, TenantId(tenant), "recordings.set_rules", name, what=what, rule=rule)

    with_store(work)


@recording_app.command("set")
def recording_set(announcement: Announcement = None, keep_days: KeepDays = None, tenant: Tenant = DEMO) -> None:
    """Set the announcement, and for how long recordings are kept."""
    given: dict[str, Any] = {"announcement": announcement, "keep_days": keep_days}
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        fail("nothing to set")

    async def work(database: Database) -> None:
        await refuse_silence(database, TenantId(tenant), [announcement] if announcement else [])
        rules = await _rules(database, TenantId(tenant))
        await Recordings(database).set_rules(TenantId(tenant), replace(rules, **changes))
        await on_record(database, TenantId(tenant), "recordings.set_rules", "", **changes)

    with_store(work)


@recording_app.command("list")
def recording_list(
    tenant: Tenant = DEMO,
    number: Annotated[str | None, typer.Option(help="The customer's.")] = None,
    agent: Annotated[str | None, typer.Option(help="Who talked in it.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """The newest recordings."""
    which = Wanted(number=None if number is None else written(number), agent_no=agent)
    page = with_store(lambda database: Recordings(database).list(TenantId(tenant), which, limit=limit))
    shapes = [kept_shape(one) for one in page.items]
    show(shapes if as_json else [{key: shape[key] for key in _BRIEF} for shape in shapes], as_json)


@recording_app.command("verify")
def recording_verify(tenant: Tenant = DEMO) -> None:
    """Read every sound and compare its sum; exit 1 if one is missing or not as it was."""
    storage = _storage()

    async def work(database: Database) -> list[dict[str, Any]]:
        wrong: list[dict[str, Any]] = []
        cursor, count = None, 0
        while True:
            page = await Recordings(database).list(TenantId(tenant), limit=500, cursor=cursor)
            for kept in page.items:
                count += 1
                if (why := await _trouble(storage, kept)) is not None:
                    wrong.append({"id": kept.id, "call": kept.sound.call, "trouble": why})
            cursor = page.next
            if cursor is None:
                break
        typer.echo(f"{count} recordings, {len(wrong)} not as they were")
        return wrong

    wrong = with_store(work)
    if wrong:
        show(wrong, False)
        raise typer.Exit(1)


@recording_app.command("erase")
def recording_erase(number: str, reason: Reason, tenant: Tenant = DEMO) -> None:
    """Erase everything that was recorded of one customer. A running server removes the sound within a minute."""

    folder = Path(settings().recordings_dir).absolute() / "voicemail"

    async def work(database: Database) -> tuple[int, int]:
        store = Recordings(database)
        found = {one for form in {number, written(number)} for one in await store.of_number(TenantId(tenant), form)}
        gone = await store.forget(TenantId(tenant), found)
        for one in gone:
            await on_record(database, TenantId(tenant), "recordings.erased", one, reason=reason)
        messages = await erase(Voicemails(database), folder, TenantId(tenant), number)
        for one in messages:
            await on_record(database, TenantId(tenant), "voicemails.erased", one, reason=reason)
        return len(gone), len(messages)

    recordings, messages = with_store(work)
    typer.echo(f"{recordings} recordings are erased, and {messages} messages of voicemail")


async def _trouble(storage: Storage, kept: Kept) -> str | None:
    total = hashlib.sha256()
    try:
        async for block in storage.read(kept.sound.place, 0, kept.sound.bytes):
            total.update(block)
    except StorageFailure as failure:
        return str(failure)
    return None if total.hexdigest() == kept.sound.sha256 else "it has been changed"


def _storage() -> Storage:
    chosen = settings()
    try:
        return storage_of(chosen, Path(chosen.recordings_dir).absolute())
    except NoStorage as wrong:
        fail(str(wrong))

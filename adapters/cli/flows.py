"""`cti flow`: flows as files and in the database. A running server follows within a second."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from adapters.cli.common import Json, Tenant, fail, out, print_table, settings, show, with_store
from adapters.entry import Entries
from adapters.store.database import Database
from adapters.store.failures import StoreFailure
from adapters.store.flow_text import MOST_BYTES, read, write_json, write_yaml
from adapters.store.flows import FlowStore, Stored
from adapters.store.prompts import known_prompts
from adapters.store.seed import DEMO
from adapters.trials import Script, tried
from adapters.voice import builtin
from cti.errors import BadRequest, Refused
from cti.ids import Instant, TenantId
from cti.ivr.check import check
from cti.ivr.flow import NAME, Flow, from_dict
from cti.ivr.ports import Ports
from cti.ivr.problems import BadFlow, Problem
from cti.shapes import stamp
from cti.speech import say

BY: Final = "cti flow"

T = TypeVar("T")

flow_app = typer.Typer(help="What callers hear: flows, their drafts and versions.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="A file (YAML or JSON), or the name of a flow in the database.")]
Files = Annotated[list[Path], typer.Argument(help="Files, YAML or JSON.")]
OfVersion = Annotated[int | None, typer.Option("--version", help="A published version; without it, the draft.")]
Note = Annotated[str, typer.Option(help="What has changed.")]


@flow_app.command("list")
def flow_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Flows with the version that callers hear."""
    found = with_store(lambda database: _everything(store_of(database), TenantId(tenant)))
    show([_row(one) for one in found], as_json)


@flow_app.command("versions")
def flow_versions(name: str, tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """All that were published of a flow, newest first."""
    found = with_store(lambda database: store_of(database).versions(TenantId(tenant), name))
    show([{**asdict(one), "published_at": stamp(one.published_at)} for one in found], as_json)


@flow_app.command("check")
def flow_check(which: Which, tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Say whether a flow may be published, and what is wrong with which node."""
    try:
        problems, unseen = _checked(which, TenantId(tenant))
    except BadFlow as wrong:  # so broken that it is no flow at all
        problems, unseen = wrong.problems, ""
    if as_json:
        print(json.dumps({"ok": not problems, "errors": [asdict(one) for one in problems]}, ensure_ascii=False))
    else:
        _print_problems(problems)
        print(f"{which}: {'well' if not problems else f'{len(problems)} problems'}{unseen}")
    raise typer.Exit(1 if problems else 0)


@flow_app.command("try")
def flow_try(
    which: Which,
    digits: Annotated[str, typer.Option(help='Answers between commas: "1,,12345#,hangup"; nothing is silence.')] = "",
    number: Annotated[str, typer.Option("--from", help="The caller's number.")] = "+8613800001234",
    dialled: Annotated[str, typer.Option(help="The number they called.")] = "4000",
    at: Annotated[datetime | None, typer.Option(help="When, in UTC; without it, now.")] = None,
    language: Annotated[str, typer.Option(help="zh or en; without it, the flow's.")] = "",
    leaves: Annotated[int | None, typer.Option(help="Hang up at that thing on the line, counted from 0.")] = None,
    version: OfVersion = None,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Walk a flow with a scripted caller, by the very engine that serves calls; nobody outside is asked."""
    with _whole():
        flow, office, _ = _found(which, version, TenantId(tenant))
    script = Script(
        number=number,
        dialled=dialled,
        language=language,
        at=None if at is None else Instant(round(at.replace(tzinfo=UTC).timestamp() * 1000)),
        events=digits.split(",") if digits else [],
        leaves=leaves,
    )
    ports = Ports(now=lambda: Instant(time.time_ns() // 1_000_000), say=say, hours=office.hours)
    try:
        told = asyncio.run(tried(flow, script, ports, {**office.flows, flow.name: flow}))
    except BadRequest as wrong:
        fail(str(wrong))
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print_transcript(told)


@flow_app.command("publish")
def flow_publish(name: str, note: Note = "", tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Let the next callers hear the draft."""
    show(
        [_row(one) for one in _told(lambda store: store.publish_all(TenantId(tenant), [name], by=BY, note=note))],
        as_json,
    )


@flow_app.command("rollback")
def flow_rollback(name: str, version: int, tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Let the next callers hear an older version again; the draft stays."""
    show([_row(_told(lambda store: store.roll_back(TenantId(tenant), name, version, by=BY)))], as_json)


@flow_app.command("remove")
def flow_remove(name: str, tenant: Tenant = DEMO) -> None:
    """Remove a flow and its versions; refused while something leads to it."""
    with_store(lambda database: store_of(database).delete(TenantId(tenant), name))


@flow_app.command("export")
def flow_export(
    name: str,
    version: OfVersion = None,
    form: Annotated[Literal["yaml", "json"], typer.Option("--format")] = "yaml",
    to: Annotated[Path | None, typer.Option("--to", help="A file; without it, to the screen.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Write a flow as a file that `cti flow import` reads as the same flow."""

    async def work(database: Database) -> dict[str, Any]:
        return dict(await _document(store_of(database), TenantId(tenant), name, version))

    document = with_store(work)
    text = write_json(document) if form == "json" else write_yaml(document)
    if to is None:
        print(text, end="")
    else:
        to.write_text(text, encoding="utf-8")


@flow_app.command("import")
def flow_import(
    files: Files,
    publish: Annotated[bool, typer.Option("--publish", help="Publish them too.")] = False,
    note: Note = "",
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Make files the drafts of the flows they name; again the same file changes nothing."""
    with _whole():
        flows = [_file(str(file)) for file in files]

    async def work(store: FlowStore) -> Sequence[Stored]:
        saved = [await store.save(TenantId(tenant), flow, by=BY) for flow in flows]
        if not publish:
            return saved
        return await store.publish_all(TenantId(tenant), [flow.name for flow in flows], by=BY, note=note)

    show([_row(one) for one in _told(work)], as_json)


# --- what the commands share ---------------------------------------------------------------------------------------


def store_of(database: Database) -> FlowStore:
    """Knows the built-in prompts as the server does."""
    return FlowStore(database, names=[known_prompts(builtin.names())])


def _told(work: Callable[[FlowStore], Awaitable[T]]) -> T:
    """Do it; a flow that is broken is told problem by problem."""

    async def go(database: Database) -> T | BadFlow:
        try:
            return await work(store_of(database))
        except BadFlow as wrong:
            return wrong

    done = with_store(go)
    if isinstance(done, BadFlow):
        _print_problems(done.problems)
        fail("the flow is broken; nothing is published")
    return done


def _print_problems(problems: Sequence[Problem]) -> None:
    for one in problems:
        print(f"{one.node or 'the flow'}: {one.message} ({one.code})", file=sys.stderr)


def _checked(which: str, tenant: TenantId) -> tuple[Sequence[Problem], str]:
    """The problems; and what was not looked at, when there is no database to know the queues of."""
    flow, _, why = _found(which, None, tenant)
    if why:
        return check(flow), f"; queues, agents and other flows were not looked at: {why}"
    return with_store(lambda database: store_of(database).check(tenant, flow)), ""


@dataclass(frozen=True, slots=True)
class _Office:
    """What a tenant's flows may ask: the flows that callers hear, and the schedules."""

    flows: Mapping[str, Flow]
    hours: Callable[[str, Instant], Sequence[str]]


_NOTHING: Final = _Office({}, lambda _name, _when: ())


def _found(which: str, version: int | None, tenant: TenantId) -> tuple[Flow, _Office, str]:
    """The flow, what it may ask, and why that is not known. A name asks for the database; a file can do without."""

    async def work(database: Database) -> tuple[Flow | None, _Office]:
        store, entries = store_of(database), Entries(database)
        heard = [replace(from_dict(document), version=n) for n, document in await store.published(tenant)]
        await entries.read_books()
        office = _Office({one.name: one for one in heard}, partial(entries.period, tenant))
        return None if in_file else from_dict(await _document(store, tenant, which, version)), office

    in_file = _file(which) if not NAME.fullmatch(which) else None
    database = Database(settings().database_url)
    if in_file and database.file is not None and not database.file.exists():
        return in_file, _NOTHING, "there is no database"
    try:
        flow, office = asyncio.run(_closing(database, work))
    except StoreFailure as failure:
        if in_file is None:
            fail(str(failure))
        return in_file, _NOTHING, str(failure)
    except Refused as refused:
        fail(str(refused))
    found = flow or in_file
    assert found is not None
    return replace(found, version=version or 0), office, ""


async def _closing(database: Database, work: Callable[[Database], Awaitable[T]]) -> T:
    try:
        return await work(database)
    finally:
        await database.close()


@contextmanager
def _whole() -> Iterator[None]:
    """What follows needs a flow: one that is none ends the command."""
    try:
        yield
    except BadFlow as wrong:
        _print_problems(wrong.problems)
        fail("this is no flow")


def _file(name: str) -> Flow:
    """The flow in a file; one that cannot be read ends the command. Raises `BadFlow`."""
    path = Path(name)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadRequest(f"a flow has at most {MOST_BYTES >> 20} MiB")
        return from_dict(read(path.read_text(encoding="utf-8")))
    except OSError as failure:
        print(f"cti: {name}: {failure.strerror}", file=sys.stderr)
        raise typer.Exit(2) from None
    except UnicodeDecodeError:
        fail(f"{name}: not UTF-8")
    except BadFlow:
        raise
    except BadRequest as wrong:
        fail(f"{name}: {wrong}")


async def _everything(store: FlowStore, tenant: TenantId) -> list[Stored]:
    found: list[Stored] = []
    cursor: str | None = None
    while True:
        page = await store.list(tenant, limit=500, cursor=cursor)
        found += page.items
        if (cursor := page.next) is None:
            return found


async def _document(store: FlowStore, tenant: TenantId, name: str, version: int | None) -> Any:
    return (await store.get(tenant, name)).draft if version is None else await store.document(tenant, name, version)


def _row(stored: Stored) -> dict[str, Any]:
    return {
        "name": stored.name,
        "title": stored.title,
        "revision": stored.revision,
        "version": stored.published,
        "changed_at": stamp(stored.changed_at),
        "changed_by": stored.changed_by,
    }


def _print_transcript(told: Mapping[str, Any]) -> None:
    table = Table("at", "what", "")
    for line in told["lines"]:
        table.add_row(line["at"], line["kind"], Text(line["text"]))
    print_table(table)
    end = ", ".join(f"{key} {value}" for key, value in told["end"].items() if key != "kind" and value)
    out.print(Text(f"{told['end']['kind']} {end}".rstrip()), soft_wrap=True)

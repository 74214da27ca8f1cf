"""`cti number`, `schedule` and `calendar`: where calls enter. A running server follows within a second."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import yaml

from adapters.cli.common import Json, Tenant, fail, show, with_store
from adapters.entry import Entries
from adapters.entry_edits import EntryEdits, ListEdits
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, now
from adapters.store.flows import FlowStore
from adapters.store.seed import DEMO
from cti.ids import TenantId

T = TypeVar("T")

number_app = typer.Typer(help="Our numbers: what they lead to, and why.", no_args_is_help=True)
schedule_app = typer.Typer(help="Schedules: which flow applies when.", no_args_is_help=True)
calendar_app = typer.Typer(help="Holidays and make-up workdays.", no_args_is_help=True)

At = Annotated[datetime | None, typer.Option(help="2026-10-10T09:05, on the clock there; without it, now.")]


@dataclass(frozen=True, slots=True)
class Desk:
    entry: EntryEdits
    lists: ListEdits


@asynccontextmanager
async def _opened(database: Database) -> AsyncIterator[Desk]:
    entries, flows = Entries(database), FlowStore(database)
    await entries.refresh()
    heard = {
        one.name: {str(document.get("name")) for _, document in await flows.published(one.name)}
        for one in await DirectoryStore(database).tenants()
    }
    try:
        yield Desk(
            EntryEdits(database, entries, now, lambda tenant: heard.get(tenant, ())), ListEdits(database, entries, now)
        )
    finally:
        entries.close()


def do(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do something with numbers, schedules, calendars and lists."""

    async def go(database: Database) -> T:
        async with _opened(database) as desk:
            return await work(desk)

    return with_store(go)


def _ask(work: Callable[[Desk], T]) -> T:
    async def at_once(desk: Desk) -> T:
        return work(desk)

    return do(at_once)


# --- numbers -------------------------------------------------------------------------------------------------------


@number_app.command("list")
def number_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    show([dict(one) for one in _ask(lambda desk: desk.entry.numbers(TenantId(tenant)))], as_json)


Entry = Annotated[
    str, typer.Argument(help="schedule:x, flow:x, queue:x, agent:x, extension:x, number:x, message:x, hangup")
]
Lists = Annotated[bool, typer.Option(help="Look for callers on the deny and VIP lists.")]


@number_app.command("add")
def number_add(number: str, entry: Entry, title: str = "", lists: Lists = True, tenant: Tenant = DEMO) -> None:
    given = {"number": number, "entry": entry, "title": title, "lists": lists, "options": {}}
    do(lambda desk: desk.entry.add_number(TenantId(tenant), given))


@number_app.command("set")
def number_set(
    number: str,
    entry: Annotated[str | None, typer.Option(help="What the number leads to.")] = None,
    title: Annotated[str | None, typer.Option()] = None,
    lists: Annotated[bool | None, typer.Option(help="Look for callers on the lists.")] = None,
    safe_queue: Annotated[str | None, typer.Option(help="Where callers go when nobody can be asked.")] = None,
    tenant: Tenant = DEMO,
) -> None:
    """Change what is given."""
    given: dict[str, Any] = {"entry": entry, "title": title, "lists": lists}
    given = {key: value for key, value in given.items() if value is not None}

    async def work(desk: Desk) -> None:
        if safe_queue is not None:
            options: Any = desk.entry.number(TenantId(tenant), number)["options"]
            given["options"] = {**options, "safe_queue": safe_queue}
        await desk.entry.change_number(TenantId(tenant), number, given)

    do(work)


@number_app.command("remove")
def number_remove(number: str, tenant: Tenant = DEMO) -> None:
    do(lambda desk: desk.entry.remove_number(TenantId(tenant), number))


@number_app.command("test")
def number_test(
    number: str,
    caller: Annotated[str, typer.Option(help="Who calls.")] = "",
    at: At = None,
    tenant: Tenant = DEMO,
    as_json: Json = False,
) -> None:
    """Say where a caller would go at a moment, by which rules, and why; decided as a live call is."""
    found = _ask(lambda desk: desk.entry.test_number(TenantId(tenant), number, caller, at))
    _told(found, as_json)


def _count(several: Any) -> int:
    return len(several)


def _told(found: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    print(f"→ {found['target']}")
    for rule in found.get("rules", [found.get("reason")]):
        print(f"  {rule}")


# --- schedules -----------------------------------------------------------------------------------------------------


@schedule_app.command("list")
def schedule_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = [dict(one) for one in _ask(lambda desk: desk.entry.schedules(TenantId(tenant)))]
    if not as_json:
        kept = ("name", "title", "timezone", "calendar", "holiday", "otherwise")
        found = [{key: one[key] for key in kept} | {"periods": _count(one["hours"])} for one in found]
    show(found, as_json)


@schedule_app.command("show")
def schedule_show(name: str, tenant: Tenant = DEMO) -> None:
    """Print a schedule as a file that `cti schedule put` reads."""
    found = _ask(lambda desk: desk.entry.schedule(TenantId(tenant), name))
    print(yaml.safe_dump(dict(found), allow_unicode=True, sort_keys=False), end="")


@schedule_app.command("put")
def schedule_put(
    file: Annotated[Path, typer.Argument(help="YAML or JSON, as `cti schedule show` prints it.")],
    tenant: Tenant = DEMO,
) -> None:
    """Add the schedule of a file, or let it take the place of the one of that name."""
    given = _document(file)

    async def work(desk: Desk) -> None:
        known = {one["name"] for one in desk.entry.schedules(TenantId(tenant))}
        name = str(given.get("name"))
        if name in known:
            await desk.entry.change_schedule(TenantId(tenant), name, given)
        else:
            await desk.entry.add_schedule(TenantId(tenant), given)

    do(work)


def _document(file: Path) -> dict[str, Any]:
    try:
        found = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        fail(f"{file}: {str(error).splitlines()[0]}")
    if not isinstance(found, dict):
        fail(f"{file}: this is no schedule")
    return _as_meant(found)


def _as_meant(found: dict[str, Any]) -> dict[str, Any]:
    """Every scalar was read as text, so that 10:00 stays a time and a date a date; these few are more than text."""
    for one in (one for part in ("hours", "special_days") for one in found.get(part) or () if isinstance(one, dict)):
        if "open" in one:
            word = str(one["open"]).lower()
            if word not in ("true", "yes", "on", "false", "no", "off"):
                fail(f"open is true or false, not {word[:40]!r}")
            one["open"] = word in ("true", "yes", "on")
    return {key: None if key == "holiday" and value in ("", "null", "~") else value for key, value in found.items()}


@schedule_app.command("remove")
def schedule_remove(name: str, tenant: Tenant = DEMO) -> None:
    do(lambda desk: desk.entry.remove_schedule(TenantId(tenant), name))


@schedule_app.command("test")
def schedule_test(name: str, at: At = None, tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Say which period a moment falls in, and why."""
    found = _ask(lambda desk: desk.entry.test_schedule(TenantId(tenant), name, at))
    _told(found, as_json)


# --- calendars -----------------------------------------------------------------------------------------------------


@calendar_app.command("list")
def calendar_list(tenant: Tenant = DEMO, as_json: Json = False) -> None:
    found = [dict(one) for one in _ask(lambda desk: desk.entry.calendars(TenantId(tenant)))]
    show(found if as_json else [{**one, "days": _count(one["days"])} for one in found], as_json)


@calendar_app.command("add")
def calendar_add(
    name: str,
    country: Annotated[str, typer.Option(help="Whose published holidays count, such as CN.")] = "",
    title: str = "",
    tenant: Tenant = DEMO,
) -> None:
    do(lambda desk: desk.entry.add_calendar(TenantId(tenant), {"name": name, "country": country, "title": title}))


@calendar_app.command("days")
def calendar_days(name: str, year: int, tenant: Tenant = DEMO, as_json: Json = False) -> None:
    """Print the days of a year that are not what their weekday says."""
    found = _ask(lambda desk: desk.entry.days(TenantId(tenant), name, year))
    show([dict(one) for one in found], as_json)


@calendar_app.command("day")
def calendar_day(
    name: str,
    date: str,
    kind: Annotated[str, typer.Argument(help="holiday, makeup, ordinary; or published: as it is published")],
    called: Annotated[str, typer.Option("--name", help="What people call the day.")] = "",
    tenant: Tenant = DEMO,
) -> None:
    """Say what a date is, whatever is published."""

    async def work(desk: Desk) -> None:
        days: Any = desk.entry.calendar(TenantId(tenant), name)["days"]
        others = [one for one in days if one["date"] != date]
        own = [] if kind == "published" else [{"date": date, "kind": kind, "name": called}]
        await desk.entry.change_calendar(TenantId(tenant), name, {"days": [*others, *own]})

    do(work)


@calendar_app.command("remove")
def calendar_remove(name: str, tenant: Tenant = DEMO) -> None:
    do(lambda desk: desk.entry.remove_calendar(TenantId(tenant), name))

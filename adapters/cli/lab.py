"""`cti lab`: an Asterisk of your own, in a folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from adapters.asterisk.numbers import written
from adapters.cli.common import Json, fail, with_store
from adapters.cli.flows import store_of
from adapters.lab import people as cast
from adapters.lab.failures import LabFailure
from adapters.lab.fetch import fetch
from adapters.lab.keypad import KEYS, PAUSE
from adapters.lab.place import CHECKOUT, Place, place
from adapters.lab.robots import one_caller
from adapters.lab.up import Status, down, status, up
from adapters.store.flow_text import read
from adapters.store.passwords import Passwords
from adapters.store.seed import seed_demo
from adapters.store.seed_codes import seed_codes
from adapters.store.seed_entry import seed_entry
from adapters.store.seed_extras import seed_extras
from adapters.store.seed_flows import seed_flows
from cti.ivr.flow import from_dict

lab_app = typer.Typer(help="The lab: an Asterisk of your own, in a folder.", no_args_is_help=True)


@contextmanager
def _told() -> Iterator[Place]:
    """The lab; what it cannot do ends the command in one line."""
    try:
        yield place()
    except LabFailure as failure:
        fail(str(failure))


def _show(found: Status | None, as_json: bool) -> None:
    if as_json:
        print(json.dumps(None if found is None else asdict(found)))
    else:
        print("down" if found is None else f"up, pid {found.pid}")


@lab_app.command("up")
def lab_up(as_json: Json = False) -> None:
    """Start the lab's Asterisk and return when it is booted."""
    with _told() as where:
        up(where, partial(print, file=sys.stderr) if as_json else print)
        if as_json:
            _show(status(where), as_json)


@lab_app.command("down")
def lab_down(as_json: Json = False) -> None:
    """Stop the lab's Asterisk."""
    with _told() as where:
        stopped = down(where)
    if as_json:
        print(json.dumps({"stopped": stopped}))


@lab_app.command("status")
def lab_status(as_json: Json = False) -> None:
    """Say whether the lab's Asterisk is up."""
    with _told() as where:
        found = status(where)
    _show(found, as_json)
    if found is None:
        raise typer.Exit(1)


@lab_app.command("call")
def lab_call(
    dialled: Annotated[str, typer.Argument(help="4001, for example.")],
    number: Annotated[str, typer.Option("--from", help="The caller's number.")] = "13800001234",
    name: Annotated[str, typer.Option(help="The caller's name.")] = "张伟明",
    seconds: Annotated[int, typer.Option(help="How long the caller stays.")] = 60,
    press: Annotated[str, typer.Option(help="Keys, from the answer on; a comma is a pause of two seconds.")] = "",
) -> None:
    """Call in from the trunk, and return when the call is over."""
    if any(sign in word for word in (dialled, number, name) for sign in ';"\r\n'):
        fail("no quotes, semicolons or line breaks")
    if set(press) - {*KEYS, PAUSE}:
        fail("keys are 0 to 9, * and #, and commas between them")
    with _told() as where:
        code = one_caller(where, fetch(where.root), dialled, number, name, seconds, press)
    print("the call is over" if code == 0 else "the call did not come about: is the lab up?")
    raise typer.Exit(min(code, 1))


@lab_app.command("seed")
def lab_seed() -> None:
    """Make the demonstration's tenant from the lab's credentials; what people changed stays."""
    with _told() as where:
        file = where.folder / "credentials.json"
    if not file.is_file():
        fail(f"{file} is not there: run `cti lab up` first")
    credentials = json.loads(file.read_text(encoding="utf-8"))
    everybody = (*cast.AGENTS, cast.SUPERVISOR, *cast.ROBOTS)
    names = {person.agent_no: person.name for person in everybody}
    vips = [(written(number), name) for number, name in cast.VIP_CALLERS]
    with_store(lambda database: seed_demo(database, Passwords(), credentials, names, vips))
    with_store(seed_entry)
    with_store(seed_codes)
    robots = {person.agent_no for person in cast.ROBOTS}
    with_store(lambda database: seed_extras(database, robots))
    _seed_flows(CHECKOUT / "dialplans/flows")


def _seed_flows(folder: Path) -> None:
    flows = [from_dict(read(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.yaml"))]
    for problem in with_store(lambda database: seed_flows(store_of(database), flows)):
        print(f"cti: not published: {problem.node}: {problem.message}", file=sys.stderr)

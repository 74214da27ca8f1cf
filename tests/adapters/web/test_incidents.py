"""Incidents over HTTP, with a real database behind: the switch, whom it concerns, and who wants word of its end."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from adapters.incidents import IncidentBoard
from adapters.prompts import refuse_silence
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.incidents import Incidents
from adapters.store.prompts import PromptStore, new_id
from cti.ids import CallId
from cti.people import Principal
from cti.permissions import INCIDENTS_EDIT, Scope
from tests.adapters.store.test_prompts import a_version
from tests.adapters.web.world import DEMO, OTHER, World, code_of

OUTAGE = {"title": "断网", "prompt": "incident", "prefixes": ["010", "+86139"], "offer": True}


@dataclass
class Office:
    web: World
    board: IncidentBoard
    prompts: PromptStore


@pytest.fixture
async def office(migrated: Path, tmp_path: Path) -> AsyncIterator[Office]:
    shutil.copy(migrated, tmp_path / "cti.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    for tenant in (DEMO, OTHER):
        await DirectoryStore(database).create_tenant(Tenant(name=tenant, title=tenant))
    board = IncidentBoard(Incidents(database), partial(refuse_silence, database))
    try:
        async with World(incidents=board).at_hand() as near:
            yield Office(near, board, PromptStore(database))
    finally:
        await database.close()


async def begin(office: Office, **more: object) -> dict[str, object]:
    answer = await office.web.ask("POST", "/incidents", "root", json={**OUTAGE, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def concerned(office: Office, number: str) -> list[str]:
    return [one.id for one in office.board.concerning(DEMO, number)]


async def test_the_switch_holds_from_the_next_call_on_for_the_numbers_it_names(office: Office) -> None:
    begun = await begin(office)
    for number in ("+861065529988", "01065529988", "+8613900001111"):
        assert concerned(office, number) == [begun["id"]]
    for number in ("+8613800001111", "+862165529988", "anonymous", ""):
        assert concerned(office, number) == []
    assert not office.board.concerning(OTHER, "01065529988")
    answer = await office.web.ask("POST", f"/incidents/{begun['id']}/end", "root")
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert concerned(office, "01065529988") == []


async def test_without_prefixes_it_concerns_everybody(office: Office) -> None:
    begun = await begin(office, prefixes=[])
    assert concerned(office, "anonymous") == concerned(office, "+12025550123") == [begun["id"]]


async def test_who_heard_of_it_is_counted_once_a_call_and_listed(office: Office) -> None:
    begun = await begin(office)
    known = office.board.concerning(DEMO, "01065529988")[0]
    for call, wants in (("1-1", True), ("1-2", False), ("1-1", False)):
        office.board.heard(DEMO, known, CallId(call), "+861065529988", wants)
    async with asyncio.timeout(10):
        listed = {"heard": 0, "want_word": 0}
        while (listed["heard"], listed["want_word"]) != (2, 1):
            listed = (await office.web.get("/incidents", "root"))["items"][0]
    wanting = await office.web.get(f"/incidents/{begun['id']}/callers?wanting=true", "root")
    assert [one["call"] for one in wanting["items"]] == ["1-1"]
    told = await office.web.ask("POST", f"/incidents/{begun['id']}/callers/1-1/told", "root")
    assert told.status_code == 204
    assert (await office.web.get(f"/incidents/{begun['id']}/callers?wanting=true", "root"))["items"] == []


async def heard(office: Office, *callers: tuple[str, str]) -> None:
    """These calls heard of it, and their callers want word."""
    known = office.board.concerning(DEMO, "01065529988")[0]
    for call, number in callers:
        office.board.heard(DEMO, known, CallId(call), number, True)
    async with asyncio.timeout(10):
        while (await office.web.get("/incidents", "root"))["items"][0]["heard"] < len(callers):
            await asyncio.sleep(0)


async def test_when_it_is_over_everybody_who_wanted_word_is_called_back_once(office: Office) -> None:
    begun = await begin(office)
    await heard(office, ("1-1", "+861065529988"), ("1-2", "+8613900001111"), ("1-3", "+861065529988"))
    path, words = f"/incidents/{begun['id']}/call-back", {"queue": "support"}
    assert code_of(await office.web.ask("POST", path, "root", json=words)) == (409, "conflict")
    await office.web.ask("POST", f"/incidents/{begun['id']}/end", "root")

    answer = await office.web.ask("POST", path, "root", json=words)

    assert (answer.status_code, answer.json()) == (202, {"asked": 2, "refused": 0})
    asked = sorted(str(one[1]) for one in office.web.desk.asked)
    assert asked == ["+861065529988", "+8613900001111"]
    assert {one[0] for one in office.web.desk.asked} == {"call_back"}
    assert office.web.desk.asked[0][3:] == ("support", {"incident": "断网"})
    again = await office.web.ask("POST", path, "root", json=words)
    assert again.json() == {"asked": 0, "refused": 0}
    office.web.directory.add(
        Principal(tenant=DEMO, username="some", role="some", permissions={INCIDENTS_EDIT: Scope.TENANT})
    )
    for who in ("a1", "some"):
        assert (await office.web.ask("POST", path, who, json=words)).status_code == 403
    assert (await office.web.ask("POST", path, "stranger", json=words)).status_code == 404


async def test_who_may_not_be_dialled_goes_on_waiting_for_word(office: Office) -> None:
    begun = await begin(office)
    await heard(office, ("1-1", "anonymous"), ("1-2", "+8613900001111"))
    await office.web.ask("POST", f"/incidents/{begun['id']}/end", "root")
    office.web.desk.refuses.add("anonymous")
    answer = await office.web.ask("POST", f"/incidents/{begun['id']}/call-back", "root", json={"queue": "support"})
    assert answer.json() == {"asked": 1, "refused": 1}
    wanting = await office.web.get(f"/incidents/{begun['id']}/callers?wanting=true", "root")
    assert [one["number"] for one in wanting["items"]] == ["anonymous"]


async def test_an_announcement_that_nobody_could_hear_is_not_switched_on(office: Office) -> None:
    answer = await office.web.ask("POST", "/incidents", "root", json={**OUTAGE, "prompt": "outage"})
    assert code_of(answer) == (400, "bad_request")
    await office.prompts.create(DEMO, "outage", new_id(), "", a_version())
    await begin(office, prompt="outage")


@pytest.mark.parametrize("bad", [{"prefixes": ["01a"]}, {"prompt": "../x"}, {"title": ""}, {"prefixes": ["1" * 20]}])
async def test_what_makes_no_sense_is_refused(office: Office, bad: dict[str, object]) -> None:
    answer = await office.web.ask("POST", "/incidents", "root", json={**OUTAGE, **bad})
    assert answer.status_code in (400, 422)
    assert (await office.web.get("/incidents", "root"))["items"] == []


@pytest.mark.parametrize("path", ["/end", "/callers", "/callers/1-1/told"])
async def test_another_tenants_incident_is_not_there(office: Office, path: str) -> None:
    begun = await begin(office)
    method = "GET" if path == "/callers" else "POST"
    answer = await office.web.ask(method, f"/incidents/{begun['id']}{path}", "stranger")
    assert answer.status_code == 404 or answer.json().get("items") == []
    assert concerned(office, "01065529988") == [begun["id"]]

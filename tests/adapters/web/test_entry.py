"""Numbers, schedules, calendars and lists over HTTP, with a real database behind: each edit holds for the next call."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from adapters.entry import Entries
from adapters.entry_edits import EntryEdits, ListEdits
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.prompts import PromptStore, new_id
from adapters.web import entry_models as models
from adapters.web.models import Listing
from cti.ids import AgentNo, QueueName
from cti.records import AgentProfile, QueueSettings
from tests.adapters.store.test_prompts import a_version
from tests.adapters.web.test_bad_input import VALUES
from tests.adapters.web.world import AT, DEMO, OTHER, World, code_of

CALLER = "13800001234"
OFFICE = {
    "name": "office",
    "title": "办公时间",
    "calendar": "cn",
    "hours": [{"days": ["workday"], "from": "09:00", "to": "18:00", "target": "flow:main"}],
    "special_days": [{"date": "2026-12-31", "from": "12:00", "target": "message:party", "title": "年会"}],
    "holiday": "flow:holiday",
    "otherwise": "flow:closed",
}


@pytest.fixture
async def world(migrated: Path, tmp_path: Path) -> AsyncIterator[World]:
    shutil.copy(migrated, tmp_path / "cti.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    directory = DirectoryStore(database)
    for tenant in (DEMO, OTHER):
        await directory.create_tenant(Tenant(name=tenant, title=tenant))
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo("1001"), name="x"))
    await PromptStore(database).create(DEMO, "party", new_id(), "", a_version())
    entries = Entries(database)
    await entries.refresh()
    heard = {"main", "holiday", "closed"}
    entry, lists = EntryEdits(database, entries, lambda: AT, lambda _tenant: heard), ListEdits(database, entries, lambda: AT)
    try:
        async with World(entry=entry, lists=lists).at_hand() as near:
            await make(near, "/calendars", {"name": "cn", "title": "中国", "country": "CN"})
            await make(near, "/schedules", OFFICE)
            await make(near, "/numbers", {"number": "4000", "title": "总机", "entry": "schedule:office"})
            yield near
    finally:
        await database.close()


async def make(world: World, path: str, body: dict[str, Any]) -> Any:
    response = await world.ask("POST", path, "root", json=body)
    assert response.status_code == 201, response.text
    return response.json()


async def change(world: World, path: str, body: dict[str, Any]) -> Any:
    response = await world.ask("PATCH", path, "root", json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def decided(world: World, at: str, caller: str = CALLER, number: str = "4000") -> dict[str, Any]:
    response = await world.ask("POST", f"/numbers/{number}/test", "boss", json={"caller": caller, "at": at})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    TypeAdapter(models.NumberTested).validate_python(found)
    return found


async def load(world: World, data: bytes, kind: str = "deny", key: str = "", **more: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in {"kind": kind, **more}.items())
    headers = {"Content-Type": "text/csv", **({"Idempotency-Key": key} if key else {})}
    return await world.ask("POST", f"/lists/import?{query}", "root", content=data, headers=headers)


# --- numbers, schedules, calendars ---------------------------------------------------------------------------------


async def test_a_number_is_tested_at_a_time_and_says_by_which_rule_and_why(world: World) -> None:
    saturday = await decided(world, "2026-10-10T09:05")
    assert (saturday["target"], saturday["at"], saturday["period"]) == ("flow:main", "2026-10-10T01:05:00.000Z", "open")
    assert saturday["rules"] == [
        "4000 总机 leads to schedule:office",
        "on no list",
        "schedule office: Sat 2026-10-10 09:05 Asia/Shanghai, make-up workday 调休: open 09:00-18:00, to flow:main",
    ]
    assert saturday["reason"] == "; ".join(saturday["rules"])
    assert (await decided(world, "2026-10-01T09:05:00+08:00"))["target"] == "flow:holiday"
    assert (await decided(world, "2027-10-04T09:05"))["target"] == "flow:holiday"
    assert (await decided(world, "2026-12-31T12:00"))["target"] == "message:party"
    assert (await decided(world, "2026-11-23T18:00"))["target"] == "flow:closed"
    now = await world.ask("POST", "/numbers/4000/test", "boss", json={})
    assert now.json()["at"] == "2027-01-15T08:00:00.000Z"


async def test_a_test_names_no_caller_and_is_refused_for_nonsense(world: World) -> None:
    await make(world, "/lists", {"kind": "deny", "number": CALLER})
    assert CALLER not in (await decided(world, "2026-10-10T09:05"))["reason"]
    for body in ({"at": "yesterday"}, {"caller": "x" * 65}, {"who": "1"}):
        response = await world.ask("POST", "/numbers/4000/test", "boss", json=body)
        assert code_of(response) == (422, "invalid")
    assert code_of(await world.ask("POST", "/numbers/4999/test", "boss", json={})) == (404, "not_found")
    for at in ("0001-01-01T00:00", "9999-12-31T23:59:59"):
        response = await world.ask("POST", "/numbers/4000/test", "boss", json={"at": at})
        assert code_of(response) == (400, "bad_request")


async def test_numbers_are_edited_and_hold_for_the_next_call(world: World) -> None:
    fixed = await make(world, "/numbers", {"number": "010-6552 9988", "entry": "queue:sales", "lists": False})
    assert (fixed["number"], fixed["lists"], fixed["options"]) == ("+861065529988", False, {})
    assert (await world.get("/numbers/+861065529988", "boss"))["entry"] == "queue:sales"
    assert (await decided(world, "2026-10-01T00:00", number="01065529988"))["target"] == "queue:sales"
    changed = await change(world, "/numbers/4000", {"entry": "agent:1001", "options": {"safe_queue": "sales"}})
    assert (changed["title"], changed["options"]) == ("总机", {"safe_queue": "sales"})
    assert (await decided(world, "2026-10-01T00:00"))["target"] == "agent:1001"
    listing = await world.get("/numbers?search=总机", "boss")
    TypeAdapter(Listing[models.Number]).validate_python(listing)
    assert [one["number"] for one in listing["items"]] == ["4000"]
    assert (await world.ask("DELETE", "/numbers/4000", "root")).status_code == 204
    assert code_of(await world.ask("GET", "/numbers/4000", "boss")) == (404, "not_found")
    assert code_of(await world.ask("DELETE", "/numbers/4000", "root")) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"number": "4000", "entry": "queue:sales"}, (409, "conflict")),
        ({"number": "4001", "entry": "queue:nowhere"}, (400, "bad_request")),
        ({"number": "4001", "entry": "schedule:never"}, (400, "bad_request")),
        ({"number": "4001", "entry": "nonsense"}, (400, "bad_request")),
        ({"number": "4001", "entry": "flow:../x"}, (400, "bad_request")),
        ({"number": "4001", "entry": "flow:x", "options": {"safe_queue": "a b"}}, (400, "bad_request")),
        ({"number": "+1", "entry": "flow:x", "colour": "red"}, (422, "invalid")),
        ({"number": "x", "entry": "flow:x"}, (422, "invalid")),
        ({"number": "4001"}, (422, "invalid")),
    ],
)
async def test_a_number_that_leads_nowhere_is_refused(world: World, body: Any, code: tuple[int, str]) -> None:
    assert code_of(await world.ask("POST", "/numbers", "root", json=body)) == code


async def test_schedules_are_edited_and_tell_what_is_wrong(world: World) -> None:
    shown = await world.get("/schedules/office", "boss")
    TypeAdapter(models.Schedule).validate_python(shown)
    assert (shown["timezone"], shown["hours"][0]["days"][-1], shown["hours"][0]["name"]) == (
        "Asia/Shanghai",
        "makeup",
        "open",
    )
    night = {"days": ["daily"], "from": "18:00", "to": "09:00", "target": "queue:sales", "name": "night"}
    await change(world, "/schedules/office", {"hours": [*shown["hours"], night], "holiday": None})
    assert (await decided(world, "2026-10-10T03:00"))["period"] == "night"
    assert (await world.get("/schedules/office", "boss"))["holiday"] is None
    overlap = {"hours": [*shown["hours"], {**night, "from": "17:00"}]}
    refused = await world.ask("PATCH", "/schedules/office", "root", json=overlap)
    assert code_of(refused) == (400, "bad_request")
    assert "overlap on mon" in refused.json()["detail"]
    assert code_of(await world.ask("DELETE", "/schedules/office", "root")) == (409, "conflict")
    asked = await world.ask("POST", "/schedules/office/test", "boss", json={"at": "2026-10-10T09:05"})
    TypeAdapter(models.ScheduleTested).validate_python(asked.json())
    assert (asked.json()["rule"], asked.json()["target"]) == ("period", "flow:main")
    assert code_of(await world.ask("PATCH", "/schedules/office", "root", json={})) == (400, "bad_request")
    assert code_of(await world.ask("GET", "/schedules/none", "root")) == (404, "not_found")


async def test_what_a_tenant_says_about_a_day_wins_over_what_is_published(world: World) -> None:
    days = await world.get("/calendars/cn/days?year=2026", "boss")
    TypeAdapter(Listing[models.CalendarDay]).validate_python(days)
    assert len([one for one in days["items"] if one["kind"] == "makeup"]) == 6
    assert {one["source"] for one in days["items"]} == {"published"}
    own = [{"date": "2026-10-02", "kind": "ordinary", "name": "值班"}, {"date": "2026-11-23", "kind": "holiday"}]
    await change(world, "/calendars/cn", {"days": own})
    assert (await decided(world, "2026-10-02T10:00"))["target"] == "flow:main"
    assert (await decided(world, "2026-11-23T10:00"))["target"] == "flow:holiday"
    found = {one["date"]: one for one in (await world.get("/calendars/cn/days?year=2026", "boss"))["items"]}
    assert found["2026-10-02"] == {"date": "2026-10-02", "kind": "workday", "name": "值班", "source": "own"}
    computed = await world.get("/calendars/cn/days?year=2028", "boss")
    assert {one["source"] for one in computed["items"]} == {"computed"}
    assert code_of(await world.ask("DELETE", "/calendars/cn", "root")) == (409, "conflict")
    wrong = await world.ask("POST", "/calendars", "root", json={"name": "mars", "country": "XX"})
    assert code_of(wrong) == (400, "bad_request")
    await make(world, "/calendars", {"name": "own"})
    assert (await world.get("/calendars/own/days?year=2026", "boss"))["items"] == []
    assert (await world.ask("DELETE", "/calendars/own", "root")).status_code == 204


# --- lists ---------------------------------------------------------------------------------------------------------


async def test_an_entry_holds_from_the_next_call_on(world: World) -> None:
    entry = await make(world, "/lists", {"kind": "deny", "number": "+86 138 0000 1234", "reason": "骚扰"})
    TypeAdapter(models.ListEntry).validate_python(entry)
    assert (entry["number"], entry["target"], entry["added_by"]) == ("+8613800001234", "hangup", "root")
    denied = await decided(world, "2026-10-10T09:05")
    assert (denied["target"], denied["list"], denied["vip"]) == ("hangup", "deny", False)
    await change(world, f"/lists/{entry['id']}", {"target": "flow:sorry"})
    assert (await decided(world, "2026-10-10T09:05"))["target"] == "flow:sorry"
    assert (await world.get(f"/lists/{entry['id']}", "boss"))["reason"] == "骚扰"
    await change(world, f"/lists/{entry['id']}", {"expires_at": "2026-10-10T00:00:00Z"})
    assert (await decided(world, "2026-10-10T09:05"))["list"] is None
    assert (await world.ask("DELETE", f"/lists/{entry['id']}", "root")).status_code == 204
    assert code_of(await world.ask("DELETE", f"/lists/{entry['id']}", "root")) == (404, "not_found")


async def test_a_vip_has_a_queue_an_agent_or_just_priority(world: World) -> None:
    vip = await make(world, "/lists", {"kind": "vip", "number": CALLER, "priority": 10})
    found = await decided(world, "2026-10-10T09:05")
    assert (found["target"], found["vip"], found["priority"]) == ("flow:main", True, 10)
    await change(world, f"/lists/{vip['id']}", {"target": "agent:1001"})
    assert (await decided(world, "2026-10-10T09:05"))["target"] == "agent:1001"
    assert (await decided(world, "2026-10-01T09:05"))["target"] == "flow:holiday"


async def test_lists_are_searched_filtered_and_paged(world: World) -> None:
    for n in range(3):
        await make(world, "/lists", {"kind": "deny", "number": f"1390000000{n}", "name": f"某{n}"})
    await make(world, "/lists", {"kind": "vip", "number": "138", "match": "prefix"})
    assert (await world.get("/lists", "boss"))["total"] == 4
    first = await world.get("/lists?kind=deny&limit=2", "boss")
    rest = await world.get(f"/lists?kind=deny&limit=2&cursor={first['next']}", "boss")
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 3
    assert [one["name"] for one in (await world.get("/lists?search=某1", "boss"))["items"]] == ["某1"]
    assert (await world.get("/lists?search=13900000002", "boss"))["total"] == 1


async def test_a_sheet_goes_out_and_in_again_as_it_was(world: World) -> None:
    await make(world, "/lists", {"kind": "deny", "number": "+85212345678", "name": "=1+1", "reason": "@x"})
    await make(world, "/lists", {"kind": "deny", "number": "138", "match": "prefix", "target": "flow:sorry"})
    out = await world.ask("GET", "/lists/export?kind=deny", "boss")
    assert out.headers["content-type"] == "text/csv; charset=utf-8"
    assert out.content.startswith(b"\xef\xbb\xbf")
    assert b"'=1+1" in out.content
    assert b"'+852" in out.content
    before = (await world.get("/lists?kind=deny", "boss"))["items"]
    assert (await world.ask("DELETE", "/lists?kind=deny", "root")).json() == {"removed": 2}
    done = await load(world, out.content)
    TypeAdapter(models.Imported).validate_python(done.json())
    assert (done.json()["imported"], done.json()["wrong"]) == (2, 0)
    after = (await world.get("/lists?kind=deny", "boss"))["items"]

    def said(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = ("number", "match", "target", "name", "reason", "expires_at")
        return sorted(({key: one[key] for key in kept} for one in entries), key=str)

    assert said(after) == said(before)


async def test_wrong_lines_are_named_and_nothing_is_imported_unless_that_is_wanted(world: World) -> None:
    sheet = "号码,姓名\n13800001234,甲\n1.38E+10,乙\n".encode("gb18030")
    refused = await load(world, sheet)
    assert code_of(refused) == (422, "import_broken")
    assert [(one["line"], one["message"][:10]) for one in refused.json()["errors"]] == [(3, "'1.38E+10'")]
    assert (await world.get("/lists", "boss"))["total"] == 0
    done = (await load(world, sheet, partial="true")).json()
    assert (done["imported"], done["wrong"], done["problems"][0]["line"]) == (1, 1, 3)
    assert [one["name"] for one in (await world.get("/lists", "boss"))["items"]] == ["甲"]


async def test_a_sheet_may_replace_what_was_on_the_list(world: World) -> None:
    await load(world, b"1\n2\n3\n")
    await make(world, "/lists", {"kind": "vip", "number": "9"})
    done = (await load(world, b"3\n4\n", mode="replace")).json()
    assert (done["imported"], done["removed"]) == (2, 2)
    assert sorted(one["number"] for one in (await world.get("/lists", "boss"))["items"]) == ["3", "4", "9"]
    assert (await decided(world, "2026-10-10T09:05", caller="4"))["list"] == "deny"
    assert (await decided(world, "2026-10-10T09:05", caller="1"))["list"] is None


async def test_an_import_that_is_sent_again_is_answered_as_the_first_time(world: World) -> None:
    first = await load(world, b"1\n2\n", key="abc", mode="replace")
    await make(world, "/lists", {"kind": "deny", "number": "3"})
    again = await load(world, b"1\n2\n", key="abc", mode="replace")
    assert again.json() == first.json()
    assert (await world.get("/lists", "boss"))["total"] == 3
    assert (await load(world, b"5\n", key="abc", mode="replace")).status_code == 409


async def test_a_sheet_may_be_larger_than_other_bodies_and_not_endless(migrated: Path, world: World) -> None:
    why = b"x" * 120
    done = await load(world, b"number,reason\n" + b"".join(b"1380000%04d,%b\n" % (n, why) for n in range(10_000)))
    assert done.json()["imported"] == 10_000
    assert (await world.get("/lists", "boss"))["total"] == 10_000
    headers = {"Content-Length": str(65 << 20), "Content-Type": "text/csv"}
    too_large = await world.ask("POST", "/lists/import?kind=deny", "root", content=b"1", headers=headers)
    assert code_of(too_large) == (413, "too_large")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n\0", "13800001234".encode("utf-16")])
async def test_what_is_no_sheet_is_refused(world: World, data: bytes) -> None:
    assert code_of(await load(world, data)) == (400, "bad_request")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "friends", "number": "1"}, 422),
        ({"kind": "deny"}, 422),
        ({"kind": "deny", "number": "=1+1"}, 400),
        ({"kind": "deny", "number": "1", "match": "pattern"}, 400),
        ({"kind": "deny", "number": "1", "expires_at": "2026-10-10T00:00:00"}, 400),
        ({"kind": "deny", "number": "1", "target": "schedule:office"}, 400),
        ({"kind": "vip", "number": "1", "target": "flow:main"}, 400),
        ({"kind": "vip", "number": "1", "priority": 1001}, 422),
    ],
)
async def test_an_entry_that_makes_no_sense_is_refused(world: World, body: Any, code: int) -> None:
    assert (await world.ask("POST", "/lists", "root", json=body)).status_code == code


# --- who may, and whose --------------------------------------------------------------------------------------------


async def test_other_tenants_have_their_own(world: World) -> None:
    entry = await make(world, "/lists", {"kind": "deny", "number": CALLER})
    for path in ("/numbers/4000", "/schedules/office", "/calendars/cn", f"/lists/{entry['id']}"):
        assert code_of(await world.ask("GET", path, "stranger")) == (404, "not_found")
        assert code_of(await world.ask("DELETE", path, "stranger")) == (404, "not_found")
    for noun in ("numbers", "schedules", "calendars", "lists"):
        assert (await world.get(f"/{noun}", "stranger"))["total"] == 0
    taken = await world.ask("POST", "/numbers", "stranger", json={"number": "4000", "entry": "flow:x"})
    assert code_of(taken) == (409, "conflict")


async def test_agents_see_none_of_it_and_supervisors_edit_lists_alone(world: World) -> None:
    for path in ("/numbers", "/schedules", "/calendars", "/lists"):
        assert code_of(await world.ask("GET", path, "a1")) == (403, "not_allowed")
    for path in ("/numbers", "/schedules", "/calendars"):
        assert code_of(await world.ask("POST", path, "boss", json={})) == (403, "not_allowed")
    assert (await world.ask("POST", "/lists", "boss", json={"kind": "deny", "number": "1"})).status_code == 201


@pytest.mark.parametrize("path", ["/numbers", "/schedules", "/calendars", "/lists", "/numbers/4000/test"])
async def test_nonsense_in_any_field_is_refused_and_breaks_nothing(world: World, path: str) -> None:
    good: dict[str, dict[str, Any]] = {
        "/numbers": {"number": "4001", "entry": "flow:main", "title": "x", "options": {}},
        "/schedules": {**OFFICE, "name": "new"},
        "/calendars": {"name": "new", "country": "CN", "days": []},
        "/lists": {"kind": "deny", "number": "1", "name": "x", "reason": "y"},
        "/numbers/4000/test": {"caller": "1", "at": None},
    }
    for name in good[path]:
        for value in VALUES:
            body = json.dumps({**good[path], name: value})
            response = await world.ask("POST", path, "root", content=body, headers={"Content-Type": "application/json"})
            assert response.status_code < 500, (name, value, response.text)
    assert (await decided(world, "2026-10-10T09:05"))["target"] == "flow:main"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/numbers", {"number": "4005", "entry": "message:nothing"}),
        ("/schedules", {"name": "late", "otherwise": "message:nothing"}),
        ("/schedules", {"name": "late", "special_days": [{"date": "2026-12-31", "target": "message:nothing"}]}),
        ("/lists", {"kind": "deny", "number": "138", "match": "prefix", "target": "message:nothing"}),
    ],
)
async def test_a_message_that_nobody_could_hear_is_no_target(world: World, path: str, body: dict[str, Any]) -> None:
    refused = await world.ask("POST", path, "root", json=body)
    assert code_of(refused) == (400, "bad_request")
    made = json.loads(json.dumps(body).replace("nothing", "goodbye"))
    assert (await world.ask("POST", path, "root", json=made)).status_code == 201


async def test_a_sheet_with_a_message_that_nobody_could_hear_is_not_imported(world: World) -> None:
    sheet = "number,target\n13800000001,message:nothing\n"
    refused = await world.ask("POST", "/lists/import?kind=deny", "root", content=sheet.encode())
    assert refused.status_code == 400
    assert (await world.get("/lists", "root"))["total"] == 0


@pytest.mark.parametrize(
    ("options", "words"), [({}, "the fallback"), ({"safe_queue": "sales"}, "the safe queue sales")]
)
async def test_a_test_of_a_number_tells_when_its_flow_is_not_there(
    world: World, options: dict[str, str], words: str
) -> None:
    await make(world, "/numbers", {"number": "4005", "entry": "flow:nothing", "options": options})
    told = await decided(world, "2026-11-23T10:00", number="4005")
    assert (told["target"], told["rules"][-1].partition(", so the caller goes to ")[0]) == (
        "flow:nothing",
        "there is no published flow nothing",
    )
    assert words in told["reason"]
    assert "published flow" not in (await decided(world, "2026-11-23T10:00"))["reason"]

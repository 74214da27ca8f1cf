"""Reasons and dispositions over HTTP, and what is said of a call: who may, in what words, and what goes on record."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from adapters.web import models
from adapters.web.dispositions import DispositionShown
from adapters.web.reasons import ReasonShown
from cti.ids import AgentNo, Instant
from cti.records import Said
from tests.adapters.web.world import DEMO, World, call_record, code_of
from tests.cti.test_masking import left_of

LUNCH = {"code": "lunch", "title": "用餐", "title_en": "Lunch", "limit_seconds": 1800, "order": 40}
DIGITS = "13800138000"


def codes(listing: dict[str, Any]) -> list[str]:
    return [one["code"] for one in listing["items"]]


# --- reasons -------------------------------------------------------------------------------------------------------


async def test_everybody_who_may_see_the_reasons_sees_the_presets_in_order(world: World) -> None:
    for who in ("a1", "blind", "boss", "root", "crm"):
        listing = await world.get("/reasons", who)
        assert codes(listing) == ["busy", "break", "away"]
        TypeAdapter(models.Listing[ReasonShown]).validate_python(listing)
    assert (await world.get("/reasons/break", "a1")) == {
        "code": "break",
        "title": "小休",
        "title_en": "Break",
        "limit_seconds": 0,
        "active": True,
        "order": 20,
        "preset": True,
    }


async def test_an_administrator_makes_changes_and_removes_reasons(world: World) -> None:
    made = await world.ask("POST", "/reasons", "root", json=LUNCH)
    assert (made.status_code, made.json()) == (201, {**LUNCH, "active": True, "preset": False})
    assert code_of(await world.ask("POST", "/reasons", "root", json=LUNCH)) == (409, "conflict")
    changed = await world.ask("PUT", "/reasons/break", "root", json={"title": "喝茶", "limit_seconds": 600, "order": 1})
    assert (changed.json()["title"], changed.json()["limit_seconds"]) == ("喝茶", 600)
    await world.ask("PUT", "/reasons/lunch", "root", json={"title": "用餐", "active": False})
    assert codes(await world.get("/reasons", "a1")) == ["break", "busy", "away", "lunch"]
    assert codes(await world.get("/reasons?active=true", "a1")) == ["break", "busy", "away"]
    assert codes(await world.get("/reasons?active=false", "a1")) == ["lunch"]
    assert codes(await world.get("/reasons?search=喝", "a1")) == ["break"]
    first = await world.get("/reasons?limit=2", "a1")
    assert codes(await world.get(f"/reasons?limit=2&cursor={first['next']}", "a1")) == ["away", "lunch"]
    assert (await world.ask("DELETE", "/reasons/lunch", "root")).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        gone = await world.ask(method, "/reasons/lunch", "root", json={} if method == "PUT" else None)
        assert code_of(gone) == (404, "not_found"), method
    assert code_of(await world.ask("DELETE", "/reasons/break", "root")) == (409, "conflict")
    assert [(one.deed.action, one.deed.object) for one in world.ledger.chain][:2] == [
        ("reasons.add_reason", "lunch"),
        ("reasons.change_reason", "break"),
    ]


async def test_a_reason_that_makes_no_sense_is_refused(world: World) -> None:
    wrongs: list[dict[str, object]] = [
        {"code": "午饭"},
        {"code": "no answer"},
        {"limit_seconds": -1},
        {"limit_seconds": 86_401},
        {"limit_seconds": "1800s"},
        {"active": None},
        {"title": "x" * 101},
        {"title": "a\nb"},
        {"colour": "red"},
    ]
    for wrong in wrongs:
        refused = await world.ask("POST", "/reasons", "root", json={**LUNCH, **wrong})
        assert code_of(refused) == (422, "invalid"), wrong


# --- dispositions --------------------------------------------------------------------------------------------------


async def with_dispositions(world: World) -> None:
    for body in (
        {"code": "sold", "title": "成交", "title_en": "Sold", "queues": ["sales"], "order": 30},
        {"code": "complaint", "title": "投诉", "title_en": "Complaint", "order": 10},
        {"code": "late", "title": "延误", "title_en": "Late", "parent": "complaint"},
        {"code": "old", "title": "旧", "active": False},
    ):
        made = await world.ask("POST", "/dispositions", "root", json=body)
        assert made.status_code == 201, made.text


async def test_dispositions_stand_in_order_and_are_shown_for_a_queue(world: World) -> None:
    await with_dispositions(world)
    listing = await world.get("/dispositions", "a1")
    assert codes(listing) == ["complaint", "late", "sold", "old"]
    TypeAdapter(models.Listing[DispositionShown]).validate_python(listing)
    assert codes(await world.get("/dispositions?queue=sales", "a1")) == ["complaint", "late", "sold"]
    assert codes(await world.get("/dispositions?queue=support", "blind")) == ["complaint", "late"]
    assert codes(await world.get("/dispositions?search=sold", "a1")) == ["sold"]
    assert codes(await world.get("/dispositions?search=1", "blind")) == []
    first = await world.get("/dispositions?limit=1", "blind")
    assert codes(await world.get(f"/dispositions?limit=2&cursor={first['next']}", "blind")) == ["late", "sold"]


async def test_an_administrator_changes_and_removes_dispositions(world: World) -> None:
    await with_dispositions(world)
    changed = await world.ask("PUT", "/dispositions/late", "root", json={"title": "迟到", "title_en": "Late"})
    assert (changed.json()["parent"], changed.json()["title"]) == (None, "迟到")
    assert code_of(await world.ask("PUT", "/dispositions/late", "root", json={"parent": "nowhere"})) == (
        400,
        "bad_request",
    )
    assert (await world.ask("DELETE", "/dispositions/late", "root")).status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        gone = await world.ask(method, "/dispositions/late", "root", json={} if method == "PUT" else None)
        assert code_of(gone) == (404, "not_found"), method


async def test_another_tenant_has_codes_of_its_own(world: World) -> None:
    await with_dispositions(world)
    await world.ask("POST", "/reasons", "root", json=LUNCH)
    assert codes(await world.get("/dispositions", "stranger")) == []
    assert code_of(await world.ask("GET", "/dispositions/sold", "stranger")) == (404, "not_found")
    assert codes(await world.get("/reasons", "stranger")) == ["busy", "break", "away"]


# --- of a call -----------------------------------------------------------------------------------------------------


async def test_an_agent_says_what_a_call_came_to_and_that_is_nobody_elses_affair(world: World) -> None:
    said = await world.ask("POST", "/calls/c-1/disposition", "a1", json={"code": "sold", "note": "两台\n周五"})
    assert said.status_code == 202
    assert (await world.ask("POST", "/calls/c-1/disposition", "blind", json={"code": "sold"})).status_code == 202
    assert world.desk.asked == [
        ("dispose", "c-1", "1001", "sold", "两台\n周五"),
        ("dispose", "c-1", "1001", "sold", ""),
    ]
    assert world.ledger.chain == []
    for by in ("root", "crm"):
        assert code_of(await world.ask("POST", "/calls/c-1/disposition", by, json={"code": "sold"})) == (
            403,
            "not_allowed",
        )


async def test_a_supervisor_corrects_it_on_record(world: World) -> None:
    wrong = {"agent_no": "1001", "code": "late", "note": "nachgetragen", "reason": "heard the recording"}
    assert (await world.ask("POST", "/calls/c-1/disposition/correct", "boss", json=wrong)).status_code == 202
    assert world.desk.asked == [("correct", "c-1", "boss", "1001", "late", "nachgetragen")]
    deed = world.ledger.deeds("calls.correct")[0]
    assert (deed.who, deed.object, deed.reason) == ("boss", "c-1/disposition/correct", "heard the recording")
    assert deed.data == wrong
    for by in ("a1", "blind"):
        assert code_of(await world.ask("POST", "/calls/c-1/disposition/correct", by, json=wrong)) == (
            403,
            "not_allowed",
        )


async def test_words_that_are_no_disposition_are_refused(world: World) -> None:
    wrongs: list[Any] = [None, {}, [], {"code": ""}, {"code": "x" * 41}, {"code": 5}, {"code": "x", "note": "x" * 1001}]
    for body in wrongs:
        refused = await world.ask("POST", "/calls/c-1/disposition", "a1", json=body)
        assert code_of(refused) == (422, "invalid"), body
    assert world.desk.asked == []


async def test_when_the_past_cannot_be_read_that_is_said(world: World) -> None:
    away = await world.ask("POST", "/calls/c-away/disposition", "a1", json={"code": "sold"})
    assert code_of(away) == (503, "store_away")


async def test_a_call_shows_what_each_agent_said_and_a_masked_role_no_number_in_the_note(world: World) -> None:
    call = call_record("c-1")
    note = "回电 138 0013 8000，周5"
    call.dispositions = [
        Said(AgentNo("1001"), "sold", note, Instant(1_800_000_123_456)),
        Said(AgentNo("1002"), "late", DIGITS, Instant(1_800_000_123_457), "boss"),
    ]
    world.board.calls[call.id] = call
    world.records.kept[DEMO] = [call]
    shown = await world.get("/calls/c-1", "boss")
    TypeAdapter(models.Call).validate_python(shown)
    assert shown["dispositions"][0] == {
        "agent_no": "1001",
        "code": "sold",
        "note": note,
        "said_at": "2027-01-15T08:02:03.456Z",
        "said_by": None,
    }
    assert shown["dispositions"][1]["said_by"] == "boss"
    for path in ("/calls/c-1", "/calls"):
        assert left_of(DIGITS, (await world.ask("GET", path, "blind")).text) <= 4
        assert left_of(DIGITS, (await world.ask("GET", path, "a1")).text) == 11


async def test_calls_are_searched_by_disposition(world: World) -> None:
    await world.get("/calls?disposition=sold", "boss")
    assert world.records.asked[-1].disposition == "sold"

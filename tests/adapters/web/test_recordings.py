"""Recordings over HTTP: who finds, hears, takes and erases which; ranges; and what goes on record."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from adapters.web import models
from adapters.web import recordings as noun
from cti.audit import Deed
from cti.ids import AgentNo, CallId, Instant
from cti.news import Published
from cti.people import Principal, principal
from cti.permissions import (
    CALLS_SEE,
    NUMBERS_SEE,
    OWN_ACCOUNT,
    OWN_DESK,
    RECORDINGS_DOWNLOAD,
    RECORDINGS_PLAY,
    RECORDINGS_SEE,
    ROLES,
    Scope,
)
from tests.adapters.web.tapes import SOUND
from tests.adapters.web.world import DEMO, World, call_record, code_of

ROUTES = ("/recordings/{}", "/recordings/{}/audio", "/recordings/{}/download")


def ids(listing: dict[str, Any]) -> list[str]:
    return [one["id"] for one in listing["items"]]


def noted(world: World) -> list[tuple[str, str, str]]:
    return [(deed.who, deed.action, deed.object) for deed in deeds(world)]


def deeds(world: World) -> list[Deed]:
    return [entry.deed for entry in world.ledger.chain]


def somebody(world: World, **may: Scope) -> str:
    """An agent, 1001, with these permissions about recordings and no others about them."""
    names = {"see": RECORDINGS_SEE, "play": RECORDINGS_PLAY, "download": RECORDINGS_DOWNLOAD}
    others = {OWN_ACCOUNT: Scope.OWN, OWN_DESK: Scope.OWN, NUMBERS_SEE: Scope.TENANT, CALLS_SEE: Scope.OWN}
    permissions = {**others, **{names[name]: scope for name, scope in may.items()}}
    world.directory.add(
        Principal(tenant=DEMO, username="some", role="some", agent_no=AgentNo("1001"), permissions=permissions)
    )
    return "some"


async def test_a_list_shows_what_is_within_reach_in_the_shape_of_the_contract(world: World) -> None:
    found = await world.get("/recordings?from=2026-01-01T00:00:00Z&queue=sales&search=李", "root")

    TypeAdapter(models.Listing[noun.Recording]).validate_python(found)
    assert ids(found) == ["anas", "bos"]
    assert found["items"][0]["markers"] == [{"kind": "talking", "from": 0.0, "to": 2.5, "agent_no": "1001"}]
    asked = world.tapes.wanted[0]
    assert (asked.queue, asked.search, asked.agents, asked.since) == ("sales", "李", None, 1_767_225_600_000)
    assert ids(await world.get("/recordings", "stranger")) == ["theirs"]
    me = somebody(world, see=Scope.OWN)
    assert ids(await world.get("/recordings?agent_no=1002", me)) == ["anas"]
    assert world.tapes.wanted[-1].agents == frozenset({"1001"})


@pytest.mark.parametrize("route", ROUTES)
async def test_another_agents_recording_is_not_there_by_any_route(world: World, route: str) -> None:
    me = somebody(world, see=Scope.OWN, play=Scope.OWN, download=Scope.OWN)

    for recording in ("bos", "theirs", "x", "../bos", "anas%00", "ANAS"):
        answer = await world.ask("GET", route.format(recording), me)
        assert (answer.status_code, b"RIFF" in answer.content) == (404, False), recording
    assert (await world.ask("GET", route.format("anas"), me)).status_code == 200
    assert all(what != "recordings.play" or which == "anas" for _, what, which in noted(world))


async def test_without_the_permission_nothing_of_recordings_can_be_had(world: World) -> None:
    for path in ("", "/anas", "/anas/audio", "/anas/download", "/export", "/rules"):
        assert code_of(await world.ask("GET", f"/recordings{path}", "a1")) == (403, "not_allowed"), path
        assert (await world.ask("GET", f"/recordings{path}")).status_code == 401
    words = {"number": "+8613800138000", "reason": "asked"}
    assert code_of(await world.ask("POST", "/recordings/erase", "boss", json=words)) == (403, "not_allowed")
    assert code_of(await world.ask("DELETE", "/recordings/anas?reason=x", "boss")) == (403, "not_allowed")


SEARCHES = (
    "search=李",
    "search=13800138000",
    "number=%2B8613800138000",
    "agent_no=1002",
    "queue=sales",
    "call=c-1",
    "disposition=sold",
    "mode=always",
    "from=2026-01-01T00:00:00Z&to=2036-01-01T00:00:00Z",
    "limit=500",
)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("path", ["/recordings", "/recordings/export"])
async def test_no_search_reaches_further_than_the_permission(world: World, path: str, search: str) -> None:
    me = somebody(world, see=Scope.OWN, download=Scope.OWN)

    answer = await world.ask("GET", f"{path}?{search}", me)

    assert answer.status_code == 200
    assert "bos" not in answer.text
    assert "theirs" not in answer.text
    assert world.tapes.wanted[-1].agents == frozenset({"1001"})
    assert (await world.ask("GET", f"{path}?{search}", "a1")).status_code == 403


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-3"}, {"Range": "bytes=0-3", "If-Range": "*"}, {"If-Match": "*"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("way", ["audio", "download"])
async def test_no_piece_of_another_s_recording_is_given_out(
    world: World, method: str, way: str, headers: dict[str, str]
) -> None:
    me = somebody(world, see=Scope.OWN, play=Scope.OWN, download=Scope.OWN)
    for who, recording in ((me, "bos"), (me, "theirs"), ("a1", "anas"), ("a1", "bos")):
        answer = await world.ask(method, f"/recordings/{recording}/{way}", who, headers=headers)
        assert answer.status_code in (403, 404, 405), (who, recording)
        assert SOUND[:4] not in answer.content
        assert not {"content-range", "etag", "content-disposition"} & set(answer.headers)


async def test_the_journal_names_a_recording_only_to_those_who_may_find_it(world: World) -> None:
    world.records.journal = [
        Published(1, "recording.kept", Instant(0), {"id": "anas", "seconds": 2.5}, CallId("c-1")),
    ]
    assert "anas" in (await world.ask("GET", "/events", "root")).text
    for who in ("a1", somebody(world, see=Scope.OWN)):
        assert "anas" not in (await world.ask("GET", "/events", who)).text, who


async def test_to_find_is_not_to_hear_and_to_hear_is_not_to_take_away(world: World) -> None:
    me = somebody(world, see=Scope.OWN)
    assert (await world.ask("GET", "/recordings/anas", me)).status_code == 200
    assert code_of(await world.ask("GET", "/recordings/anas/audio", me)) == (403, "not_allowed")
    me = somebody(world, see=Scope.OWN, play=Scope.OWN)
    assert (await world.ask("GET", "/recordings/anas/audio", me)).status_code == 200
    assert code_of(await world.ask("GET", "/recordings/anas/download", me)) == (403, "not_allowed")
    assert code_of(await world.ask("GET", "/recordings/export", me)) == (403, "not_allowed")


async def test_a_call_tells_of_recordings_only_to_those_who_may_know(world: World) -> None:
    world.records.kept = {DEMO: [call_record("c-1", "1001")]}

    assert (await world.get("/calls/c-1", "root"))["recordings"] == ["anas", "bos"]
    assert (await world.get("/calls/c-1", "a1"))["recordings"] == []
    assert (await world.get("/calls/c-1", somebody(world, see=Scope.OWN)))["recordings"] == ["anas"]
    assert [one["recordings"] for one in (await world.get("/calls", "root"))["items"]] == [["anas", "bos"]]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, len(SOUND) - 1),
        ("bytes=-10", len(SOUND) - 10, len(SOUND) - 1),
        (f"bytes=5-{len(SOUND) * 9}", 5, len(SOUND) - 1),
        (f"bytes=-{len(SOUND) * 9}", 0, len(SOUND) - 1),
    ],
)
async def test_a_player_gets_the_range_it_asks_for(world: World, asked: str, first: int, last: int) -> None:
    answer = await world.ask("GET", "/recordings/anas/audio", "root", headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(SOUND)}"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.content == SOUND[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=-0"])
async def test_a_range_that_is_not_in_it_is_416(world: World, asked: str) -> None:
    answer = await world.ask("GET", "/recordings/anas/audio", "root", headers={"Range": asked})

    assert code_of(answer) == (416, "bad_range")
    assert answer.headers["content-range"] == f"bytes */{len(SOUND)}"


@pytest.mark.parametrize("asked", ["", "bytes=", "bytes=-", "bytes=9-3", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b"])
async def test_a_range_that_is_none_gets_all_of_it(world: World, asked: str) -> None:
    answer = await world.ask("GET", "/recordings/anas/audio", "root", headers={"Range": asked})

    assert (answer.status_code, answer.content) == (200, SOUND)
    assert (answer.headers["accept-ranges"], answer.headers["content-type"]) == ("bytes", "audio/wav")


async def test_a_part_of_something_else_is_not_sent(world: World) -> None:
    whole = await world.ask("GET", "/recordings/anas/audio", "root")
    part = {"Range": "bytes=0-9", "If-Range": whole.headers["etag"]}

    assert (await world.ask("GET", "/recordings/anas/audio", "root", headers=part)).status_code == 206
    part["If-Range"] = '"another"'
    assert (await world.ask("GET", "/recordings/anas/audio", "root", headers=part)).status_code == 200


async def test_every_hearing_and_every_copy_goes_on_record(world: World) -> None:
    for start in (0, 100, 5000):  # a player asks for many pieces: one hearing
        await world.ask("GET", "/recordings/anas/audio", "root", headers={"Range": f"bytes={start}-"})
    await world.ask("GET", "/recordings/bos/audio", "root")
    await world.ask("GET", "/recordings/anas/download", "root")
    await world.ask("GET", "/recordings/anas/download", "root", headers={"Range": "bytes=0-1"})
    await world.ask("GET", "/recordings/export", "root")

    assert noted(world) == [
        ("root", "recordings.play", "anas"),
        ("root", "recordings.play", "bos"),
        ("root", "recordings.download", "anas"),
        ("root", "recordings.download", "anas"),
        ("root", "recordings.export", "anas"),
        ("root", "recordings.export", "bos"),
    ]


async def test_an_export_hides_numbers_from_those_who_may_not_see_them(world: World) -> None:
    clear = await world.ask("GET", "/recordings/export?number=%2B8613800138000", "root")
    assert clear.headers["content-type"] == "application/zip"
    assert clear.text == "anas +8613800138000\nbos +8613800138000\n"
    hidden = {**ROLES["admin"].permissions}
    del hidden[NUMBERS_SEE]
    world.directory.add(Principal(tenant=DEMO, username="blind2", role="x", permissions=hidden))

    found = await world.ask("GET", "/recordings/export", "blind2")

    assert "138000" not in found.text
    assert found.text.startswith("anas 138****8000")


async def test_a_sound_that_is_gone_is_an_honest_error(world: World) -> None:
    world.tapes.lost = True

    assert code_of(await world.ask("GET", "/recordings/anas/audio", "root")) == (404, "not_found")


async def test_erasing_a_customer_takes_all_of_theirs_for_a_reason_on_record(world: World) -> None:
    words = {"number": "+8613800138000", "reason": "the customer asked on 2026-11-20"}
    assert (await world.ask("POST", "/recordings/erase", "root", json={**words, "reason": " "})).status_code == 422

    answer = await world.ask("POST", "/recordings/erase", "root", json=words)

    assert answer.json() == {"erased": 2, "voicemails": 0}
    assert [deed.reason for deed in deeds(world) if deed.action == "recordings.erased"] == [words["reason"]] * 2
    assert ids(await world.get("/recordings", "root")) == []
    assert ids(await world.get("/recordings", "stranger")) == ["theirs"]


async def test_one_recording_is_erased_for_a_reason(world: World) -> None:
    assert (await world.ask("DELETE", "/recordings/anas", "root")).status_code == 422
    assert (await world.ask("DELETE", "/recordings/theirs?reason=x", "root")).status_code == 404
    assert (await world.ask("DELETE", "/recordings/anas?reason=wrong%20customer", "root")).status_code == 204
    assert ids(await world.get("/recordings", "root")) == ["bos"]


async def test_rules_are_read_and_written_whole(world: World) -> None:
    rules = {
        "default": "on_demand",
        "queues": {"sales": "30%"},
        "numbers": {"4001": "always"},
        "agents": {"1002": "never"},
        "announcement": "recording-notice",
        "keep_days": 180,
    }
    answer = await world.ask("PUT", "/recordings/rules", "root", json=rules)

    assert answer.json() == rules == await world.get("/recordings/rules", "root")
    for wrong in ({"default": "perhaps"}, {"queues": {"sales": "0%"}}, {"keep_days": -1}, {"unknown": 1}):
        assert (await world.ask("PUT", "/recordings/rules", "root", json=wrong)).status_code == 422, wrong
    assert await world.get("/recordings/rules", "root") == rules


async def test_steering_passes_on_what_and_within_whose_calls(world: World) -> None:
    for action in ("start", "pause"):
        assert (await world.ask("POST", "/calls/c-7/record", "a1", json={"action": action})).status_code == 202
    assert (await world.ask("POST", "/calls/c-7/record", "root", json={"action": "stop"})).status_code == 202
    assert (await world.ask("POST", "/calls/c-7/record", "root", json={"action": "erase"})).status_code == 422

    assert world.desk.asked == [
        ("record", "c-7", "start", frozenset({"1001"}), "a1"),
        ("record", "c-7", "pause", frozenset({"1001"}), "a1"),
        ("record", "c-7", "stop", None, "root"),
    ]


def test_the_presets_let_no_agent_hear_anything() -> None:
    for role in ("agent", "masked_agent", "field_service", "logistics", "reseller"):
        me = principal(DEMO, "x", role, AgentNo("1001"))
        assert not any(me.may(one) for one in (RECORDINGS_SEE, RECORDINGS_PLAY, RECORDINGS_DOWNLOAD)), role

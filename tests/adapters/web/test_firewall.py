"""The number firewall over HTTP: a role without numbers reads, finds and quotes none, and works with tokens instead."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse

from adapters.web.asking import Guarded, permitted
from adapters.web.firewall import NOTHING
from cti.errors import Conflict
from cti.ids import Instant
from cti.news import Published
from cti.people import principal
from cti.permissions import CALLS_SEE
from tests.adapters.web.world import DEMO, World, call_record, code_of
from tests.cti.test_masking import left_of

NUMBER = "+8613800138000"
DIGITS = "13800138000"


def token(world: World) -> str:
    return world.numbers.token(DEMO, NUMBER)


async def test_every_answer_to_a_masked_role_is_without_numbers(world: World) -> None:
    call = call_record("1763823600-12-123456")
    call.name = DIGITS
    call.offers[0].reason = f"spoke with {DIGITS} before"
    call.journey.data["note"] = "call 138 0013 8000 back"
    world.board.calls[call.id] = call
    world.records.kept[DEMO] = [call]
    world.records.journal = [
        Published(1, "call.started", Instant(0), {"number": NUMBER, "name": DIGITS}, call.id, frozenset({"1001"})),  # type: ignore[arg-type]
        Published(2, "queue.updated", Instant(0), {"waiting": [{"number": NUMBER}]}, None, frozenset(), "sales"),  # type: ignore[arg-type]
    ]
    for path in ("/agents", "/agents/me", "/queues", "/queues/sales", "/calls", f"/calls/{call.id}", "/events"):
        response = await world.ask("GET", path, "blind")
        assert response.status_code == 200, path
        assert left_of(DIGITS, response.text) <= 4, path
        assert len(response.content) == int(response.headers["content-length"])
        clear = await world.ask("GET", path, "a1")
        assert left_of(DIGITS, clear.text) == 11 or path.startswith("/queues"), path
    seen = await world.get(f"/calls/{call.id}", "blind")
    assert (seen["number"], seen["number_token"], seen["id"]) == ("138****8000", token(world), call.id)


async def test_a_masked_role_finds_nothing_by_digits_and_everything_by_token(world: World) -> None:
    for query in ("search=138", "search=李9", f"number={DIGITS}", "number=%EF%BC%91%EF%BC%93%EF%BC%98", "search=8"):
        await world.get(f"/calls?{query}", "blind")
        asked = world.records.asked[-1]
        assert NOTHING in (asked.search, asked.number), query
    await world.get(f"/calls?number={token(world)}", "blind")
    assert world.records.asked[-1].number == NUMBER
    await world.get(f"/calls?search={token(world)}&limit=7", "blind")
    assert world.records.asked[-1].search == DIGITS
    await world.get("/calls?search=李娜&agent_no=1001", "blind")
    assert (world.records.asked[-1].search, world.records.asked[-1].agent_no) == ("李娜", "1001")
    assert [one["agent_no"] for one in (await world.get("/agents?search=1002", "blind"))["items"]] == ["1002"]
    await world.get(f"/calls?number={DIGITS}", "a1")
    assert world.records.asked[-1].number == DIGITS


async def test_pages_go_on_though_their_cursor_is_sealed(world: World) -> None:
    world.records.kept[DEMO] = [call_record(f"c-{n}") for n in range(3)]
    first = await world.get("/calls?limit=2", "blind")
    assert first["next"].isalpha()
    assert [one["id"] for one in (await world.get(f"/calls?cursor={first['next']}", "blind"))["items"]] == ["c-2"]
    assert code_of(await world.ask("GET", "/calls?cursor=2", "blind")) == (400, "bad_request")


@pytest.mark.parametrize("bad", ["token:" + "a" * 48, "token:" + "ab" * 40])
async def test_a_token_that_is_none_is_refused_wherever_it_stands(world: World, bad: str) -> None:
    for by in ("a1", "blind", "root"):
        assert code_of(await world.ask("GET", f"/calls?number={bad}", by)) == (400, "bad_request")
        assert code_of(await world.ask("GET", f"/calls/{bad}", by)) == (400, "bad_request")
    new = {"agent_no": "1", "name": bad}
    assert code_of(await world.ask("POST", "/agents", "root", json=new)) == (400, "bad_request")


async def test_a_number_in_an_address_is_not_there_for_a_masked_role(world: World) -> None:
    assert code_of(await world.ask("GET", f"/calls/{DIGITS}", "blind")) == (404, "not_found")
    refused = await world.ask("GET", f"/calls/{token(world)}", "blind")
    assert code_of(refused) == (404, "not_found")


def probe(world: World) -> list[Any]:
    """Routes as other nouns may have them, each an exit of its own kind."""
    heard: list[Any] = []
    router = APIRouter(prefix="/api/v1/probe", tags=["probe"], route_class=Guarded)
    may = [permitted(CALLS_SEE)]

    async def said(body: dict[str, Any]) -> dict[str, Any]:
        heard.append(body)
        return body

    async def export() -> StreamingResponse:
        async def parts() -> Any:
            for part in ("name,number\r\n李娜,138001", "38000\r\nb,", b"+86 138-0013-8000", "\r\n"):
                yield part

        headers = {"Content-Disposition": f'attachment; filename="calls-{DIGITS}.csv"'}
        return StreamingResponse(parts(), media_type="text/csv; charset=utf-8", headers=headers)

    async def page() -> PlainTextResponse:
        return PlainTextResponse(f"# {DIGITS}", media_type="application/yaml")

    async def file() -> FileResponse:
        return FileResponse(__file__, media_type="text/csv")

    async def sound() -> FileResponse:
        return FileResponse(__file__, media_type="audio/wav", filename=f"in-{DIGITS}.wav")

    async def refuse() -> None:
        raise Conflict(f"{NUMBER} is on the list")

    async def stumble(number: int) -> None:
        raise AssertionError(number)

    router.add_api_route("/said", said, methods=["POST"], dependencies=may)
    for name, exit_ in (("export", export), ("page", page), ("file", file), ("sound", sound), ("refuse", refuse)):
        router.add_api_route(f"/{name}", exit_, dependencies=may, response_model=None)
    router.add_api_route("/stumble", stumble, dependencies=may, response_model=None)
    world.app.router.routes[:0] = router.routes
    return heard


@pytest.mark.parametrize("path", ["export", "page", "file", "sound", "refuse", f"stumble?number=x{DIGITS}"])
async def test_no_kind_of_answer_lets_a_number_out(world: World, path: str) -> None:
    probe(world)
    response = await world.ask("GET", f"/probe/{path}", "blind")
    headers = " ".join(response.headers.values())
    if path not in ("sound", "file"):
        assert left_of(DIGITS, response.text) <= 4
    assert left_of(DIGITS, headers) <= 4
    if path == "export":
        assert response.text.splitlines()[1] == "李娜,138****8000"
        assert left_of(DIGITS, (await world.ask("GET", f"/probe/{path}", "a1")).text) == 11
    if path == "file":
        assert code_of(response) == (404, "not_found")


async def test_tokens_in_a_body_reach_the_route_as_numbers(world: World) -> None:
    heard = probe(world)
    body = {"number": token(world), "to": token(world), "deep": [{"of": token(world)}], "text": f"x {token(world)}"}
    response = await world.ask("POST", "/probe/said", "blind", json=body)
    assert heard == [{"number": NUMBER, "to": f"number:{NUMBER}", "deep": [{"of": NUMBER}], "text": body["text"]}]
    assert left_of(DIGITS, response.text) <= 4
    assert response.json()["number_token"] == token(world)
    broken = await world.ask("POST", "/probe/said", "blind", content=b'{"number": "token:', headers={})
    assert code_of(broken) == (422, "invalid")


async def test_a_number_is_revealed_for_a_reason_with_a_permission_and_on_record(world: World) -> None:
    ask = {"token": token(world), "reason": "the customer asked for a call back by mail"}
    assert code_of(await world.ask("POST", "/number-tokens/reveal", "blind", json=ask)) == (403, "not_allowed")
    without = await world.ask("POST", "/number-tokens/reveal", "boss", json={**ask, "reason": " "})
    assert code_of(without) == (422, "invalid")
    assert world.ledger.chain == []
    response = await world.ask("POST", "/number-tokens/reveal", "boss", json=ask)
    assert response.json() == {"number": NUMBER}
    deed = world.ledger.deeds("number-tokens.reveal")[0]
    assert (deed.who, deed.object, deed.reason, deed.data) == ("boss", ask["token"], ask["reason"], {"number": NUMBER})
    world.ledger.away = True
    assert code_of(await world.ask("POST", "/number-tokens/reveal", "boss", json=ask)) == (503, "store_away")


async def test_a_masked_role_that_may_reveal_sees_that_number_and_no_other(world: World) -> None:
    world.directory.add(principal(DEMO, "qa", "quality"))
    ask = {"token": token(world), "reason": "complaint 12"}
    assert (await world.ask("POST", "/number-tokens/reveal", "qa", json=ask)).json() == {"number": NUMBER}
    assert left_of(DIGITS, json.dumps(await world.get("/queues", "qa"))) <= 4


async def test_who_sees_numbers_gets_tokens_for_them(world: World) -> None:
    made = await world.ask("POST", "/number-tokens", "crm", json={"number": "138 0013 8000"})
    assert made.json() == {"number": "138 0013 8000", "token": token(world)}
    refused = await world.ask("POST", "/number-tokens", "blind", json={"number": DIGITS})
    assert code_of(refused) == (403, "not_allowed")

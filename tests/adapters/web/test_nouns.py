"""The nouns: what each role sees and may do, in the shapes of the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from adapters.web import models
from cti.ids import AgentNo, CallId, QueueName
from cti.news import Published
from cti.people import principal
from tests.adapters.web.world import AT, DEMO, World, agent_dict, call_record, code_of


def items(listing: dict[str, Any], key: str) -> list[Any]:
    assert set(listing) == {"items", "total", "next"}
    return [one[key] for one in listing["items"]]


async def test_agents_are_listed_by_number_in_pages_and_by_search(world: World) -> None:
    assert items(await world.get("/agents", "boss"), "agent_no") == ["1001", "1002", "1900"]
    first = await world.get("/agents?limit=2", "boss")
    assert (items(first, "agent_no"), first["total"]) == (["1001", "1002"], 3)
    assert items(await world.get(f"/agents?limit=2&cursor={first['next']}", "boss"), "agent_no") == ["1900"]
    assert items(await world.get("/agents?search=张", "boss"), "agent_no") == ["1001"]
    assert items(await world.get("/agents?search=100", "boss"), "agent_no") == ["1001", "1002"]


async def test_an_agent_sees_own_call_and_not_that_of_colleagues(world: World) -> None:
    mine, colleague, _ = (await world.get("/agents", "a1"))["items"]
    assert (mine["call"], mine["caller"]["name"]) == ("c-1001", "李娜")
    assert (colleague["call"], colleague["caller"]) == (None, None)
    assert (await world.get("/agents/1002", "a1"))["caller"] is None
    assert (await world.get("/agents/me", "a1"))["caller"]["number"] == "+8613800138000"
    assert (await world.get("/agents/1002", "boss"))["caller"] is not None


async def test_somebody_without_an_agent_number_is_no_agent(world: World) -> None:
    assert code_of(await world.ask("GET", "/agents/me", "root")) == (404, "not_found")
    assert code_of(await world.ask("GET", "/agents/7777", "root")) == (404, "not_found")
    assert code_of(await world.ask("PUT", "/agents/me/status", "root", json={"status": "ready"})) == (
        403,
        "not_allowed",
    )


async def test_an_agent_sets_their_own_status_and_nobody_elses(world: World) -> None:
    for who in ("1001", "me"):
        wish = {"status": "not_ready", "reason": "lunch"}
        assert (await world.ask("PUT", f"/agents/{who}/status", "a1", json=wish)).status_code == 202
    assert world.desk.asked == [("status", "1001", "not_ready", "lunch", None, "a1", False)] * 2
    for by in ("a1", "boss", "root", "crm"):
        response = await world.ask("PUT", "/agents/1002/status", by, json={"status": "ready"})
        assert code_of(response) == (403, "not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        [],
        "ready",
        {"status": "asleep"},
        {"status": None},
        {"status": "ready", "device": "1001;x"},
        {"status": "not_ready", "reason": ""},
        {"status": "not_ready", "reason": "x\r\nAction: Logoff"},
        {"status": "not_ready", "reason": "x" * 65},
        {"status": "not_ready", "reason": {"a": 1}},
    ],
)
async def test_a_status_that_makes_no_sense_is_refused(world: World, body: object) -> None:
    assert code_of(await world.ask("PUT", "/agents/1001/status", "a1", json=body)) == (422, "invalid")
    assert world.desk.asked == []


async def test_supervisors_force_a_status_and_agents_do_not(world: World) -> None:
    assert (await world.ask("POST", "/agents/1001/force/logout", "boss")).status_code == 202
    forced = await world.ask("POST", "/agents/1002/force/not_ready", "root", json={"reason": "meeting"})
    assert forced.status_code == 202
    assert world.desk.asked == [
        ("status", "1001", "logged_out", None, None, "boss", True),
        ("status", "1002", "not_ready", "meeting", None, "root", True),
    ]
    assert code_of(await world.ask("POST", "/agents/1002/force/logout", "a1")) == (403, "not_allowed")
    assert code_of(await world.ask("POST", "/agents/1002/force/logout", "crm")) == (403, "not_allowed")
    assert code_of(await world.ask("POST", "/agents/9999/force/logout", "boss")) == (404, "not_found")
    assert code_of(await world.ask("POST", "/agents/1001/force/dance", "boss")) == (422, "invalid")


async def test_an_administrator_edits_agents(world: World) -> None:
    new = {"agent_no": "1003", "name": "𠮷田", "devices": ["1003"], "queues": ["sales"]}
    assert (await world.ask("POST", "/agents", "root", json=new)).status_code == 201
    assert code_of(await world.ask("POST", "/agents", "root", json=new)) == (409, "conflict")
    changed = await world.ask("PATCH", "/agents/1003", "root", json={"queues": ["support"]})
    assert (changed.json()["name"], changed.json()["queues"]) == ("𠮷田", ["support"])
    assert world.board.people["1003"].devices == ("1003",)
    assert (await world.ask("DELETE", "/agents/1003", "root")).status_code == 204
    assert code_of(await world.ask("GET", "/agents/1003", "root")) == (404, "not_found")
    assert code_of(await world.ask("PATCH", "/agents/1001", "root", json={})) == (400, "bad_request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/agents"),
        ("PATCH", "/agents/1001"),
        ("DELETE", "/agents/1001"),
        ("POST", "/queues"),
        ("PATCH", "/queues/sales"),
        ("DELETE", "/queues/sales"),
        ("POST", "/skills"),
        ("PUT", "/skills/english"),
        ("DELETE", "/skills/english"),
        ("POST", "/reasons"),
        ("PUT", "/reasons/break"),
        ("DELETE", "/reasons/lunch"),
        ("POST", "/dispositions"),
        ("PUT", "/dispositions/sold"),
        ("DELETE", "/dispositions/sold"),
        ("POST", "/users"),
        ("PATCH", "/users/a1"),
        ("DELETE", "/users/a1"),
    ],
)
@pytest.mark.parametrize("who", ["a1", "boss", "crm"])
async def test_only_administrators_edit(world: World, method: str, path: str, who: str) -> None:
    assert code_of(await world.ask(method, path, who, json={}))[0] in (403, 422)
    good = {"agent_no": "1", "name": "x", "username": "x", "password": "12345678", "role": "admin", "title": "x"}
    assert code_of(await world.ask(method, path, who, json=good)) == (403, "not_allowed")


async def test_an_agent_sees_their_own_queues_alone(world: World) -> None:
    assert items(await world.get("/queues", "a1"), "name") == ["sales", "support"]
    assert items(await world.get("/queues", "boss"), "name") == ["empty", "sales", "support"]
    assert (await world.get("/queues/sales", "a1"))["waiting"][0]["position"] == 1
    assert code_of(await world.ask("GET", "/queues/empty", "a1")) == (404, "not_found")
    assert code_of(await world.ask("GET", "/queues/nowhere", "boss")) == (404, "not_found")


async def test_an_administrator_edits_queues(world: World) -> None:
    assert (await world.ask("POST", "/queues", "root", json={"name": "vip", "title": "贵宾"})).status_code == 201
    changed = await world.ask("PATCH", "/queues/vip", "root", json={"ring_seconds": 20})
    assert changed.status_code == 200
    assert (world.board.settings["vip"].ring_seconds, world.board.settings["vip"].title) == (20, "贵宾")
    assert (await world.ask("DELETE", "/queues/vip", "root")).status_code == 204
    for wrong in ({"name": "a b"}, {"name": "Sales"}, {"name": "*"}, {"name": "x", "ring_seconds": 0}, {"name": ""}):
        assert code_of(await world.ask("POST", "/queues", "root", json=wrong)) == (422, "invalid")


async def test_a_live_call_comes_from_the_board_and_a_past_one_from_the_database(world: World) -> None:
    world.board.calls["c-1"] = call_record("c-1")
    world.records.kept[DEMO] = [call_record("c-2", "1002")]
    assert (await world.get("/calls/c-1", "a1"))["offers"][0]["reason"] == "sales; 0 calls"
    assert (await world.get("/calls/c-2", "boss"))["segments"][0]["kind"] == "waiting"
    assert code_of(await world.ask("GET", "/calls/c-2", "a1")) == (404, "not_found")
    assert code_of(await world.ask("GET", "/calls/c-9", "boss")) == (404, "not_found")
    world.records.away = True
    assert (await world.get("/calls/c-1", "boss"))["id"] == "c-1"
    assert code_of(await world.ask("GET", "/calls/c-2", "boss")) == (503, "store_away")


async def test_a_call_that_may_still_be_on_its_way_to_the_database_is_not_called_unknown(world: World) -> None:
    world.records.behind = True
    assert code_of(await world.ask("GET", "/calls/c-2", "boss")) == (503, "store_away")
    world.records.kept[DEMO] = [call_record("c-2")]
    assert (await world.get("/calls/c-2", "boss"))["id"] == "c-2"


async def test_calls_are_listed_in_pages_and_an_agent_gets_their_own(world: World) -> None:
    world.records.kept[DEMO] = [call_record("c-3"), call_record("c-2", "1002"), call_record("c-1")]
    first = await world.get("/calls?limit=2", "boss")
    assert (items(first, "id"), first["total"]) == (["c-3", "c-2"], 3)
    assert items(await world.get(f"/calls?limit=2&cursor={first['next']}", "boss"), "id") == ["c-1"]
    assert items(await world.get("/calls", "a1"), "id") == ["c-3", "c-1"]
    await world.get("/calls?from=2026-11-22T10:00:00Z&to=2026-11-22T18:00:00%2B08:00&queue=sales&search=李", "boss")
    asked = world.records.asked[-1]
    assert (asked.since, asked.until, asked.queue, asked.search) == (1795341600000, 1795341600000, "sales", "李")
    assert code_of(await world.ask("GET", "/calls?from=2026-11-22T10:00:00", "boss")) == (400, "bad_request")
    assert code_of(await world.ask("GET", "/calls?from=yesterday", "boss")) == (422, "invalid")
    assert code_of(await world.ask("GET", "/calls?result=lost", "boss")) == (422, "invalid")


async def test_an_agent_hangs_up_their_own_leg(world: World) -> None:
    assert (await world.ask("POST", "/calls/c-1/hangup", "a1")).status_code == 202
    assert world.desk.asked == [("hang_up", "c-1", "1001")]
    assert code_of(await world.ask("POST", "/calls/c-1/hangup", "root")) == (403, "not_allowed")


async def test_devices_are_those_of_the_tenant_or_ones_own(world: World) -> None:
    assert items(await world.get("/devices", "a1"), "name") == ["1001", "1001-web"]
    assert len((await world.get("/devices", "boss"))["items"]) == 6
    assert (await world.get("/devices/1002", "boss"))["agent_no"] == "1002"
    assert code_of(await world.ask("GET", "/devices/1002", "a1")) == (404, "not_found")


async def test_an_administrator_edits_users(world: World) -> None:
    new = {"username": "a3", "password": "12345678", "role": "agent", "agent_no": "1002"}
    assert (await world.ask("POST", "/users", "root", json=new)).json() == {
        "username": "a3",
        "role": "agent",
        "agent_no": "1002",
        "team": None,
        "disabled": False,
        "locked": False,
    }
    assert code_of(await world.ask("POST", "/users", "root", json=new)) == (409, "conflict")
    await world.ask("PATCH", "/users/a3", "root", json={"role": "supervisor"})
    assert world.directory.known["a3"].may("agents.force")
    assert (await world.get("/users/a3", "root"))["agent_no"] == "1002"
    await world.ask("PATCH", "/users/a3", "root", json={"agent_no": None})
    assert (await world.get("/users/a3", "root"))["agent_no"] is None
    assert (await world.ask("DELETE", "/users/a3", "root")).status_code == 204
    assert code_of(await world.ask("GET", "/users/a3", "root")) == (404, "not_found")
    assert "password" not in str(await world.get("/users", "root"))


async def test_an_administrator_cannot_lock_themselves_out(world: World) -> None:
    for change in ({"disabled": True}, {"role": "agent"}):
        assert code_of(await world.ask("PATCH", "/users/root", "root", json=change)) == (409, "conflict")
    assert code_of(await world.ask("DELETE", "/users/root", "root")) == (409, "conflict")


async def test_a_tenant_does_not_exist_for_another(world: World) -> None:
    world.board.calls["c-1"] = call_record("c-1")
    world.records.kept[DEMO] = [call_record("c-2")]
    for path in ("/agents/1001", "/queues/sales", "/calls/c-1", "/calls/c-2", "/devices/1001", "/users/a1"):
        assert code_of(await world.ask("GET", path, "stranger")) == (404, "not_found"), path
    assert items(await world.get("/agents", "stranger"), "agent_no") == ["9001"]
    assert items(await world.get("/users", "stranger"), "username") == ["stranger"]
    assert (await world.get("/calls", "stranger"))["total"] == 0
    assert (await world.get("/events", "stranger"))["items"] == []
    assert code_of(await world.ask("DELETE", "/users/a1", "stranger")) == (404, "not_found")


def journal(how_many: int) -> list[Published]:
    kinds = ("agent.updated", "screen_pop.requested", "call.ringing", "queue.updated")
    return [
        Published(
            seq=n,
            type=kinds[n % 4],
            at=AT,
            data=agent_dict("1002") if n % 4 == 0 else {"n": n},
            call=CallId("c-1"),
            agents=frozenset({AgentNo("1002")}),
            queue=QueueName("support"),
        )
        for n in range(1, how_many + 1)
    ]


async def test_the_journal_shows_what_one_could_have_seen_on_the_stream(world: World) -> None:
    world.records.journal = journal(8)
    world.board.seq = 8
    assert items(await world.get("/events?after=0", "boss"), "seq") == [2, 3, 4, 6, 7, 8]
    assert items(await world.get("/events", "boss"), "seq") == [8, 7, 6, 4, 3, 2]
    assert items(await world.get("/events?after=0", "a2"), "seq") == [1, 2, 4, 5, 6, 8]
    for_colleague = (await world.get("/events?after=0", "a1"))["items"]
    assert [(one["seq"], one["type"]) for one in for_colleague] == [
        (3, "queue.updated"),
        (4, "agent.updated"),
        (7, "queue.updated"),
        (8, "agent.updated"),
    ]
    assert (for_colleague[1]["call"], for_colleague[1]["data"]["caller"]) == (None, None)


async def test_the_journal_comes_in_pages_both_ways(world: World) -> None:
    world.records.journal = journal(9)
    seen: list[int] = []
    for direction in ("", "&after=0"):
        cursor = ""
        seen = []
        while True:
            page = await world.get(f"/events?limit=4{direction}{cursor}", "boss")
            seen += items(page, "seq")
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert sorted(seen) == [2, 3, 4, 6, 7, 8]
    assert seen == sorted(seen)
    assert code_of(await world.ask("GET", "/events?cursor=eA", "boss")) == (400, "bad_request")


async def test_the_journal_is_searched_by_type_and_call(world: World) -> None:
    world.records.journal = journal(9)
    for search, found in (("queue.", [7, 3]), ("AGENT.updated", [8, 4]), ("c-1", [8, 7, 6, 4, 3, 2]), ("c-2", [])):
        assert items(await world.get("/events", "boss", params={"search": search}), "seq") == found


async def test_answers_have_the_shapes_that_are_documented(world: World) -> None:
    world.records.kept[DEMO] = [call_record("c-1")]
    world.records.journal = journal(4)
    for path, kind in (
        ("/agents", models.Listing[models.Agent]),
        ("/agents/1001", models.Agent),
        ("/queues", models.Listing[models.Queue]),
        ("/queues/sales", models.Queue),
        ("/calls", models.Listing[models.Call]),
        ("/calls/c-1", models.Call),
        ("/devices", models.Listing[models.Device]),
        ("/users", models.Listing[models.User]),
        ("/users/me", models.Myself),
        ("/events", models.Listing[models.Event]),
    ):
        answer = await world.get(path, "root")
        strict: TypeAdapter[Any] = TypeAdapter(kind)
        again = strict.dump_python(strict.validate_python(answer), mode="json", exclude_unset=True)
        assert set(again) == set(answer), path
        first, shown = (again["items"][0], answer["items"][0]) if "items" in answer else (again, answer)
        assert set(first) == set(shown), path


async def test_the_interface_describes_itself_completely(world: World) -> None:
    spec = await world.get("/api/v1/openapi.json")
    schemas = spec["components"]["schemas"]
    assert {"Agent", "Queue", "Call", "Segment", "Offer", "Leg", "Device", "User", "Event", "Problem"} <= set(schemas)
    assert "HTTPValidationError" not in str(spec)
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            assert operation["responses"].keys() - {"422", "default"}, (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert "OAuth2PasswordBearer" in spec["components"]["securitySchemes"]


async def test_readiness_names_every_reason(world: World) -> None:
    assert (await world.get("/healthz"))["status"] == "ok"
    assert (await world.get("/readyz"))["status"] == "ready"
    world.health.wrong = {"ami_down": "no AMI link", "agi_closed": "FastAGI does not listen"}
    response = await world.ask("GET", "/readyz")
    assert code_of(response) == (503, "not_ready")
    assert [one["code"] for one in response.json()["reasons"]] == ["ami_down", "agi_closed"]


async def test_metrics_count_routes_and_queues_and_show_no_number(world: World) -> None:
    await world.get("/agents/1001", "boss")
    text = (await world.ask("GET", "/metrics")).text
    assert 'cti_http_requests_total{method="GET",route="/api/v1/agents/{agent_no}",status="200"} 1.0' in text
    assert 'cti_queue_waiting{queue="sales",tenant="demo"} 1.0' in text
    assert 'cti_agents{state="talking",tenant="demo"} 3.0' in text
    assert "1001" not in text
    assert "1380" not in text.replace("cti_", "")


async def test_pages_are_served_from_here_and_from_nowhere_else(tmp_path: Path) -> None:
    async with World().at_hand() as bare:
        response = await bare.client.get("/")
        assert response.status_code == 503
        assert "make web" in response.text
        docs = (await bare.client.get("/docs")).text + (await bare.client.get("/docs/docs.js")).text
        assert "http" not in docs.replace("HTTP", "")
        assert (await bare.client.get("/api/v1/asyncapi.yaml")).text.startswith("asyncapi: 3.0.0")
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>board")
    (built / "assets" / "a-1.js").write_text("1")
    (tmp_path / "secret").write_text("s")
    async with World(pages=built).at_hand() as world:
        assert (await world.client.get("/")).text.endswith("board")
        assert "immutable" in (await world.client.get("/assets/a-1.js")).headers["cache-control"]
        for path in (
            "/../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "//etc/passwd",
            "/assets",
            "/x%00y",
            "/" + "x" * 300,
        ):
            assert code_of(await world.client.get(path)) == (404, "not_found"), path


async def test_a_role_change_takes_hold_of_the_next_request(world: World) -> None:
    token = {"Authorization": f"Bearer {world.token('boss')}"}
    assert (await world.get("/calls", headers=token))["total"] == 0
    world.directory.known["boss"] = principal(DEMO, "boss", "agent", AgentNo("1900"))
    assert code_of(await world.ask("POST", "/agents/1001/force/logout", headers=token)) == (403, "not_allowed")

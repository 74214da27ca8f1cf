"""Phones and trunks at the interface: who may make them, what goes on record, and that a secret is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.web import models
from cti.ids import AgentNo
from cti.people import principal
from cti.permissions import ROLES, Role, Scope
from tests.adapters.web.world import DEMO, World, code_of


async def test_a_phone_is_made_with_a_secret_that_is_told_once(world: World) -> None:
    made = await world.ask("POST", "/devices", "root", json={"kind": "desk", "name": "7001", "agent_no": "1001"})
    assert made.status_code == 201
    assert models.PhoneMade.model_validate(made.json()).secret == "secret of 7001"
    assert made.headers["cache-control"] == "no-store"
    found = await world.get("/devices/7001", "root")
    assert found == {
        "name": "7001",
        "state": "NOT_INUSE",
        "reachable": True,
        "agent_no": "1001",
        "kind": "desk",
        "provisioned": True,
    }
    listed = (await world.get("/devices", "root"))["items"]
    assert [one["name"] for one in listed if one["kind"]] == ["7001"]
    assert [one["kind"] for one in listed if one["name"] == "1001"] == [None]
    deed = world.ledger.deeds("devices.add_device")[0]
    assert (deed.who, deed.object, dict(deed.data)) == ("root", "7001", {"kind": "desk", "agent_no": "1001"})
    assert "secret of" not in repr(world.ledger.deeds("devices.add_device"))
    assert "secret of" not in (await world.ask("GET", "/devices", "root")).text


async def test_an_agent_is_made_with_phones_in_one_request(world: World) -> None:
    body = {"agent_no": "3001", "name": "新人", "queues": ["sales"], "phones": ["desk", "web"]}
    made = (await world.ask("POST", "/agents", "root", json=body)).json()
    assert [(one["name"], one["secret"]) for one in made["phones"]] == [
        ("3001", "secret of 3001"),
        ("3001-web", "secret of 3001-web"),
    ]
    plain = await world.ask("POST", "/agents", "root", json={"agent_no": "3002", "name": "x"})
    assert plain.json()["phones"] == []
    assert (await world.ask("DELETE", "/agents/3001?phones=true", "root")).status_code == 204
    assert world.phones.made == {}
    assert code_of(await world.ask("GET", "/devices/3001", "root")) == (404, "not_found")


async def test_a_phone_changes_hands_gets_a_new_secret_and_goes(world: World) -> None:
    await world.ask("POST", "/devices", "root", json={"kind": "desk", "name": "7001"})
    assert (await world.get("/devices/7001", "root"))["agent_no"] is None
    assert code_of(await world.ask("GET", "/devices/7001", "a1")) == (404, "not_found")
    given = await world.ask("PATCH", "/devices/7001", "root", json={"agent_no": "1002"})
    assert given.json()["agent_no"] == "1002"
    assert (await world.get("/devices/7001", "a2"))["agent_no"] == "1002"
    assert (await world.ask("PATCH", "/devices/7001", "root", json={"agent_no": None})).json()["agent_no"] is None
    fresh = await world.ask("POST", "/devices/7001/secret", "root", json={"reason": "lost"})
    assert (fresh.json()["secret"], world.phones.renewed) == ("secret of 7001", ["7001"])
    assert (await world.ask("DELETE", "/devices/7001", "root")).status_code == 204
    deeds = [world.ledger.deeds(f"devices.{one}")[0] for one in ("change_device", "reset_secret", "remove_device")]
    assert [deed.object for deed in deeds] == ["7001", "7001/secret", "7001"]
    assert deeds[1].reason == "lost"


NONSENSE: Any = [
    ("POST", "/devices", {"kind": "fax", "name": "7001"}, (422, "invalid")),
    ("POST", "/devices", {"kind": "desk", "name": "70 01"}, (422, "invalid")),
    ("POST", "/devices", {"kind": "desk", "name": "7001\n"}, (422, "invalid")),
    ("POST", "/devices", {"kind": "desk", "name": "7001", "context": "cti-trunk"}, (422, "invalid")),
    ("POST", "/devices", {"kind": "desk", "name": "7001", "secret": "chosen"}, (422, "invalid")),
    ("PATCH", "/devices/1001", {}, (400, "bad_request")),
    ("PATCH", "/devices/1001", {"agent_no": "1002"}, (409, "conflict")),
    ("DELETE", "/devices/1001", None, (409, "conflict")),
    ("POST", "/devices/1001/secret", None, (409, "conflict")),
    ("POST", "/devices/nobody/secret", None, (404, "not_found")),
    ("POST", "/trunks", {"name": "North", "host": "203.0.113.5"}, (422, "invalid")),
    ("POST", "/trunks", {"name": "north", "host": "a b"}, (422, "invalid")),
    ("POST", "/trunks", {"name": "north", "host": "203.0.113.5", "port": 70000}, (422, "invalid")),
    ("POST", "/trunks", {"name": "north", "host": "203.0.113.5", "match": ["any"]}, (422, "invalid")),
    ("POST", "/trunks", {"name": "north", "host": "203.0.113.5", "set_var": "A=b"}, (422, "invalid")),
    ("POST", "/trunks", {"name": "north", "host": "203.0.113.5", "caller_ids": ["a,b"]}, (422, "invalid")),
    ("PATCH", "/trunks/none", {"port": 5061}, (404, "not_found")),
    ("PATCH", "/trunks/none", {}, (400, "bad_request")),
    ("PATCH", "/trunks/none", {"port": None}, (400, "bad_request")),
    ("DELETE", "/trunks/none", None, (404, "not_found")),
]


async def test_a_page_is_told_what_its_own_phone_registers_with_and_nobody_elses(world: World) -> None:
    assert code_of(await world.ask("GET", "/agents/me/softphone", "a1")) == (404, "not_found")
    await world.ask("POST", "/devices", "root", json={"kind": "web", "agent_no": "1001"})
    told = await world.ask("GET", "/agents/me/softphone", "a1")
    assert models.Softphone.model_validate(told.json()).device == "1001-web"
    assert told.headers["cache-control"] == "no-store"
    assert (await world.ask("GET", "/agents/1001/softphone", "blind")).json() == told.json(), "a digest is no number"
    assert code_of(await world.ask("GET", "/agents/1001/softphone", "a2")) == (403, "not_allowed")
    assert code_of(await world.ask("GET", "/agents/me/softphone", "root")) == (403, "not_allowed")


async def test_what_makes_no_sense_is_refused(world: World) -> None:
    for method, path, body, code in NONSENSE:
        assert code_of(await world.ask(method, path, "root", json=body)) == code, (method, path, body)


async def test_without_a_way_to_asterisk_the_refusal_says_so(world: World) -> None:
    world.phones.off = True
    refused = await world.ask("POST", "/devices", "root", json={"kind": "desk", "name": "7001"})
    assert code_of(refused) == (503, "provisioning_off")
    assert (await world.get("/devices", "root"))["total"] > 0


async def test_who_edits_the_devices_of_a_team_reaches_no_others(world: World) -> None:
    role = Role(
        name="lead",
        title="x",
        title_en="x",
        permissions={**ROLES["supervisor"].permissions, "devices.edit": Scope.TEAM, "agents.edit": Scope.TENANT},
    )
    lead = principal(DEMO, "lead", "lead", AgentNo("1900"), roles={"lead": role})
    world.directory.add(replace(lead, team=frozenset({AgentNo("1002")})))
    for owner, status in (("1002", 201), ("1001", 404), (None, 404)):
        body: Any = {"kind": "desk", "name": f"70{owner}", "agent_no": owner}
        assert (await world.ask("POST", "/devices", "lead", json=body)).status_code == status
    await world.ask("POST", "/devices", "root", json={"kind": "desk", "name": "8001", "agent_no": "1001"})
    for method, path in (("DELETE", "/devices/8001"), ("POST", "/devices/8001/secret")):
        assert code_of(await world.ask(method, path, "lead")) == (404, "not_found")
    taken = await world.ask("PATCH", "/devices/701002", "lead", json={"agent_no": "1001"})
    assert code_of(taken) == (404, "not_found")
    body = {"agent_no": "3001", "name": "x", "phones": ["desk"]}
    assert code_of(await world.ask("POST", "/agents", "lead", json=body)) == (403, "not_allowed")


async def test_a_trunk_is_made_changed_and_removed_and_its_secret_is_on_no_record(world: World) -> None:
    body = {"name": "north", "host": "sip.example.com", "user": "u1", "secret": "geheim", "register": True}
    made = await world.ask("POST", "/trunks", "root", json=body)
    assert made.status_code == 201
    trunk = models.Trunk.model_validate(made.json())
    assert (trunk.endpoint, trunk.register_, "geheim" in made.text) == ("cti-trunk-north", True, False)
    changed = await world.ask("PATCH", "/trunks/north", "root", json={"enabled": False, "register": False})
    assert (changed.json()["enabled"], changed.json()["register"]) == (False, False)
    assert (await world.get("/trunks", "root"))["total"] == 1
    assert (await world.ask("DELETE", "/trunks/north", "root")).status_code == 204
    deeds = [world.ledger.deeds(f"trunks.{one}_trunk")[0] for one in ("add", "change", "remove")]
    assert [(deed.who, deed.object) for deed in deeds] == [("root", "north")] * 3
    assert dict(deeds[0].data)["secret"] == "***"
    for who in ("boss", "a1", "crm"):
        assert code_of(await world.ask("GET", "/trunks", who)) == (403, "not_allowed")

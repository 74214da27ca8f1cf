"""Flows over HTTP, from the first draft to the file in git, with a real database behind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from adapters.flows import Flows
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.flows import FlowStore
from adapters.web import flow_models as models
from cti.ids import QueueName
from cti.ivr.flow import from_dict
from cti.ivr.ports import Ports
from cti.records import QueueSettings
from cti.speech import say
from tests.adapters.web.test_bad_input import VALUES
from tests.adapters.web.world import AT, DEMO, OTHER, World, code_of

YAML = {"Content-Type": "application/yaml"}
MAIN = """
name: main
title: 主菜单
start: menu
nodes:
  menu:
    type: menu
    settings: {prompts: [main-menu], tries: 2}
    exits: {1: sales, 0: operator, timeout: sales, invalid: sales}
  sales:
    type: to_queue
    settings: {queue: sales}
  operator:
    type: to_queue
    title: 人工
    settings: {queue: sales, priority: 10}
"""


def main(**settings: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": "main",
        "title": "主菜单",
        "language": "zh",
        "start": "sales",
        "nodes": {"sales": {"type": "to_queue", "settings": {"queue": "sales", **settings}}},
    }
    return document


@pytest.fixture
async def world(migrated: Path, tmp_path: Path) -> AsyncIterator[World]:
    shutil.copy(migrated, tmp_path / "cti.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    directory = DirectoryStore(database)
    for tenant in (DEMO, OTHER):
        await directory.create_tenant(Tenant(name=tenant, title=tenant))
    await directory.create_queue(DEMO, QueueSettings(name=QueueName("sales")))
    flows = Flows(FlowStore(database), directory, lambda _tenant: Ports(now=lambda: AT, say=say))
    try:
        async with World(flows=flows).at_hand() as near:
            yield near
    finally:
        await database.close()


async def put(world: World, document: dict[str, Any], revision: int | None = None, by: str = "root") -> Any:
    body = {"flow": document} if revision is None else {"flow": document, "revision": revision}
    response = await world.ask("PUT", f"/flows/{document['name']}", by, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def post(world: World, path: str, body: Any = None, by: str = "root") -> Any:
    response = await world.ask("POST", path, by, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_flow_goes_from_draft_to_published_to_another_version_and_back(world: World) -> None:
    draft = await put(world, main())
    assert (draft["revision"], draft["version"], draft["published"], draft["changed_by"]) == (1, None, None, "root")
    published = await post(world, "/flows/main/publish", {"note": "first"})
    assert (published["version"], published["published"]) == (1, main())
    assert world.flows.flow(DEMO, "main") == from_dict(main())

    await put(world, main(priority=5), revision=1)
    assert world.flows.flow(DEMO, "main") == from_dict(main())
    assert (await post(world, "/flows/main/publish"))["version"] == 2
    assert world.flows.flow(DEMO, "main") == from_dict(main(priority=5))

    back = await post(world, "/flows/main/rollback", {"version": 1})
    assert (back["version"], back["published"], back["draft"]) == (1, main(), main(priority=5))
    assert [(one["version"], one["published_by"], one["note"]) for one in back["versions"]] == [
        (2, "root", ""),
        (1, "root", "first"),
    ]
    assert world.flows.flow(DEMO, "main") == from_dict(main())
    assert (await world.ask("DELETE", "/flows/main", "root")).status_code == 204
    assert world.flows.flow(DEMO, "main") is None
    assert code_of(await world.ask("GET", "/flows/main", "root")) == (404, "not_found")


async def test_a_broken_flow_is_refused_and_every_problem_names_its_node(world: World) -> None:
    broken = main()
    broken["nodes"] |= {
        "lost": {"type": "play", "settings": {"prompts": ["x"]}},
        "sales": {"type": "to_queue", "settings": {"queue": "nowhere"}},
    }
    await put(world, broken)
    response = await world.ask("POST", "/flows/main/publish", "root")
    assert code_of(response) == (422, "flow_broken")
    errors = response.json()["errors"]
    assert {(one["node"], one["code"]) for one in errors} >= {("sales", "unknown_queue"), ("lost", "unreachable")}
    assert all(set(one) == {"node", "code", "message"} and one["message"] for one in errors)
    checked = await post(world, "/flows/main/check")
    assert (checked["ok"], checked["errors"]) == (False, errors)
    assert await post(world, "/flows/main/check", {"flow": main()}) == {"ok": True, "errors": []}
    assert (await world.get("/flows/main", "root"))["version"] is None


async def test_what_is_no_flow_is_not_even_a_draft(world: World) -> None:
    strange = main() | {"colour": "red"}
    strange["nodes"]["sales"]["exit"] = {}
    response = await world.ask("PUT", "/flows/main", "root", json={"flow": strange})
    assert code_of(response) == (422, "flow_broken")
    assert [(one["node"], one["code"]) for one in response.json()["errors"]] == [
        ("", "unknown_field"),
        ("sales", "unknown_field"),
    ]
    assert (await post(world, "/flows/x/check", {"flow": strange}))["errors"] == response.json()["errors"]
    for nothing in ({}, {"name": "x"}):
        assert (await post(world, "/flows/x/check", {"flow": nothing}))["ok"] is False
        assert code_of(await world.ask("POST", "/flows/x/try", "root", json={"flow": nothing})) == (422, "flow_broken")
    assert (await world.get("/flows", "root"))["total"] == 0


async def test_of_two_editors_the_slower_is_told(world: World) -> None:
    await put(world, main())
    tag = (await world.ask("GET", "/flows/main", "root")).headers["etag"]
    assert tag == '"1"'
    await put(world, main(priority=1), revision=1)
    for body, headers in (
        ({"flow": main()}, {"If-Match": tag}),
        ({"flow": main(), "revision": 1}, {}),
        ({"flow": main(), "revision": 2}, {"If-Match": tag}),
        ({"flow": main()}, {}),
    ):
        response = await world.ask("PUT", "/flows/main", "root", json=body, headers=headers)
        assert code_of(response) == (409, "outdated")
    assert code_of(await world.ask("POST", "/flows/main/publish", "root", json={"revision": 1})) == (409, "outdated")
    same = await world.ask("PUT", "/flows/main", "root", json={"flow": main()}, headers={"If-Match": '"2"'})
    assert same.headers["etag"] == '"3"'
    bad = await world.ask("PUT", "/flows/main", "root", json={"flow": main()}, headers={"If-Match": "x"})
    assert code_of(bad) == (400, "bad_request")


async def test_a_file_exported_and_imported_is_the_same_flow(world: World) -> None:
    imported = await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers=YAML)
    assert imported.status_code == 200, imported.text
    draft = imported.json()["draft"]
    assert list(draft["nodes"]["menu"]["exits"]) == ["1", "0", "timeout", "invalid"]
    for form, media in (("yaml", "application/yaml"), ("json", "application/json")):
        exported = await world.ask("GET", f"/flows/main/export?format={form}", "root")
        assert exported.headers["content-type"].startswith(media)
        assert exported.headers["content-disposition"] == f'attachment; filename="main.{form}"'
        assert "人工" in exported.text
        assert (await world.ask("DELETE", "/flows/main", "root")).status_code == 204
        again = await world.ask("POST", "/flows/import", "root", content=exported.content, headers=YAML)
        assert again.json()["draft"] == draft
        assert str(again.json()["draft"]) == str(draft)


async def test_the_same_file_again_changes_nothing(world: World) -> None:
    for _ in range(2):
        done = await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers=YAML)
        assert done.json()["revision"] == 1


async def test_a_file_sent_again_under_its_key_does_not_undo_what_came_between(world: World) -> None:
    headers = {**YAML, "Idempotency-Key": "k1"}
    first = await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers=headers)
    await put(world, main(), revision=1)
    again = await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await world.get("/flows/main", "root"))["draft"] == main()
    other = await world.ask("POST", "/flows/import", "root", content=b"{}", headers=headers)
    assert code_of(other) == (409, "key_reused")
    theirs = await world.ask("POST", "/flows/import", "stranger", content=MAIN.encode(), headers=headers)
    assert theirs.json()["revision"] == 1
    failed = await world.ask("POST", "/flows/import", "root", content=b"-", headers={**YAML, "Idempotency-Key": "k2"})
    assert failed.status_code == 400
    done = await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers={"Idempotency-Key": "k2"})
    assert done.json()["revision"] == 3


async def test_a_published_version_can_be_exported_beside_the_draft(world: World) -> None:
    await put(world, main())
    await post(world, "/flows/main/publish")
    await put(world, main(priority=7), revision=1)
    assert "priority" not in (await world.ask("GET", "/flows/main/export?version=1", "root")).text
    assert "priority: 7" in (await world.ask("GET", "/flows/main/export", "root")).text
    assert code_of(await world.ask("GET", "/flows/main/export?version=2", "root")) == (404, "not_found")
    assert code_of(await world.ask("GET", "/flows/main/export?format=xml", "root")) == (422, "invalid")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        (b"a: &x [*x]", 400, "bad_request"),
        (b"a: !!python/object/apply:os.system [id]", 400, "bad_request"),
        (b"[" * 100_000, 400, "bad_request"),
        (b'{"name": "main"', 400, "bad_request"),
        (b"name: main\nname: other", 400, "bad_request"),
        (b"name: ../../etc/passwd\nstart: a\nnodes: {a: {type: hang_up}}", 422, "flow_broken"),
        (b"name: a\nstart: a\nnodes: {a: {type: hang_up, settings: {prompts: !x [y]}}}", 400, "bad_request"),
        (b"name: a\nstart: gone\nnodes: {a: {type: hang_up}}", 422, "flow_broken"),
        (b"x" * (1 << 20) + b"x", 413, "too_large"),
    ],
)
async def test_a_bad_file_is_refused_in_words(world: World, content: bytes, status: int, code: str) -> None:
    response = await world.ask("POST", "/flows/import", "root", content=content, headers=YAML)
    assert code_of(response) == (status, code)
    assert (await world.get("/flows", "root"))["total"] == 0


async def test_a_trial_walks_the_draft_with_a_scripted_caller(world: World) -> None:
    await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers=YAML)
    script = {"number": "+8613900139000", "digits": ",0", "at": "2026-10-01T09:00:00+08:00"}
    told = await post(world, "/flows/main/try", script)
    assert (told["end"]["kind"], told["end"]["queue"], told["end"]["priority"]) == ("to_queue", "sales", 10)
    assert [(one["node"], one["exit"]) for one in told["path"]] == [("menu", "0"), ("operator", "to_queue")]
    assert [one["kind"] for one in told["lines"]][:2] == ["played", "silence"]
    assert told["lines"][0]["at"] == "2026-10-01T01:00:00.000Z"
    left = await post(world, "/flows/main/try", {"events": ["hangup"]})
    assert left["end"]["kind"] == "left"
    other = await post(world, "/flows/main/try", {"flow": main(priority=3)})
    assert other["end"]["priority"] == 3
    assert code_of(await world.ask("POST", "/flows/main/try", "root", json={"digits": "1,x"})) == (400, "bad_script")
    both = {"digits": "1", "events": ["1"]}
    assert code_of(await world.ask("POST", "/flows/main/try", "root", json=both)) == (400, "bad_request")
    naive = {"at": "2026-10-01T09:00:00"}
    assert code_of(await world.ask("POST", "/flows/main/try", "root", json=naive)) == (400, "bad_request")


async def test_a_trial_of_a_version_walks_that_one_and_knows_the_other_flows(world: World) -> None:
    await put(world, main())
    await post(world, "/flows/main/publish")
    await put(world, main(priority=9), revision=1)
    assert (await post(world, "/flows/main/try", {"version": 1}))["end"]["priority"] == 0
    assert (await post(world, "/flows/main/try", {}))["end"]["priority"] == 9
    nodes = {
        "go": {"type": "to_flow", "settings": {"flow": "main"}, "exits": {"otherwise": "bye"}},
        "bye": {"type": "hang_up"},
    }
    await put(world, {"name": "evening", "start": "go", "nodes": nodes})
    told = await post(world, "/flows/evening/try", {})
    assert [(one["flow"], one["version"]) for one in told["path"]] == [("evening", 0), ("main", 1)]


async def test_a_trial_asks_nobody_outside(world: World) -> None:
    nodes = {
        "who": {
            "type": "lookup",
            "settings": {"source": "http", "url": "http://127.0.0.1:1/${number}"},
            "exits": dict.fromkeys(["found", "not_found", "failed"], "bye"),
        },
        "bye": {"type": "hang_up"},
    }
    flow = {"name": "lookup", "start": "who", "nodes": nodes}
    told = await post(world, "/flows/lookup/try", {"flow": flow})
    assert told["path"][0]["exit"] == "failed", told
    told = await post(world, "/flows/lookup/try", {"flow": flow, "fetched": {"name": "李娜"}})
    assert told["path"][0]["exit"] == "found", told


async def test_flows_are_listed_by_name_in_pages_and_by_search(world: World) -> None:
    for name in ("b", "a", "c"):
        await put(world, {**main(), "name": name, "title": f"流程{name}"})
    first = await world.get("/flows?limit=2", "root")
    assert ([one["name"] for one in first["items"]], first["total"]) == (["a", "b"], 3)
    rest = await world.get(f"/flows?limit=2&cursor={first['next']}", "root")
    assert ([one["name"] for one in rest["items"]], rest["next"]) == (["c"], None)
    assert [one["name"] for one in (await world.get("/flows?search=流程c", "root"))["items"]] == ["c"]
    assert code_of(await world.ask("GET", "/flows?cursor=x", "root")) == (400, "bad_request")


async def test_a_flow_that_another_leads_to_is_not_removed(world: World) -> None:
    await put(world, main())
    await post(world, "/flows/main/publish")
    nodes = {
        "go": {"type": "to_flow", "settings": {"flow": "main"}, "exits": {"otherwise": "bye"}},
        "bye": {"type": "hang_up"},
    }
    await put(world, {"name": "evening", "start": "go", "nodes": nodes})
    await post(world, "/flows/evening/publish")
    assert code_of(await world.ask("DELETE", "/flows/main", "root")) == (409, "conflict")


WAYS = [
    ("GET", "/flows", None),
    ("GET", "/flows/main", None),
    ("GET", "/flows/main/export", None),
    ("POST", "/flows/main/check", {}),
    ("POST", "/flows/main/try", {}),
    ("PUT", "/flows/main", {"flow": main(), "revision": 1}),
    ("POST", "/flows/import", main()),
    ("POST", "/flows/main/publish", {}),
    ("POST", "/flows/main/rollback", {"version": 1}),
    ("DELETE", "/flows/main", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WAYS)
async def test_nobody_enters_without_the_permission(
    world: World, method: str, path: str, body: dict[str, Any] | None
) -> None:
    await put(world, main())
    await post(world, "/flows/main/publish")
    looks = method == "GET" or path.endswith(("/check", "/try"))
    more: dict[str, Any] = {} if body is None else {"json": body}
    assert code_of(await world.ask(method, path, **more)) == (401, "bad_token")
    assert code_of(await world.ask(method, path, "a1", **more)) == (403, "not_allowed")
    as_supervisor = await world.ask(method, path, "boss", **more)
    assert as_supervisor.status_code == (200 if looks else 403)
    assert (await world.ask(method, path, "root", **more)).status_code in (200, 204)


@pytest.mark.parametrize(("method", "path", "body"), WAYS[1:])
async def test_a_flow_does_not_exist_for_another_tenant(
    world: World, method: str, path: str, body: dict[str, Any] | None
) -> None:
    await put(world, main())
    await post(world, "/flows/main/publish")
    more: dict[str, Any] = {} if body is None else {"json": body}
    response = await world.ask(method, path, "stranger", **more)
    if path == "/flows/import":
        assert (response.json()["revision"], response.json()["version"]) == (1, None)
    else:
        assert code_of(response) in ((404, "not_found"), (409, "outdated"))
    assert (await world.get("/flows/main", "root"))["revision"] == 1


@pytest.mark.parametrize(
    ("method", "path", "field", "good"),
    [
        ("PUT", "/flows/main", "flow", {}),
        ("PUT", "/flows/main", "revision", {"flow": main()}),
        ("PUT", "/flows/main", "colour", {"flow": main()}),
        ("POST", "/flows/main/check", "flow", {}),
        ("POST", "/flows/main/publish", "note", {}),
        ("POST", "/flows/main/rollback", "version", {}),
        ("POST", "/flows/main/try", "events", {}),
        ("POST", "/flows/main/try", "digits", {}),
        ("POST", "/flows/main/try", "number", {}),
        ("POST", "/flows/main/try", "customer", {}),
        ("POST", "/flows/main/try", "at", {}),
        ("POST", "/flows/main/try", "leaves", {}),
    ],
)
async def test_bad_values_are_refused_in_words(
    world: World, method: str, path: str, field: str, good: dict[str, Any]
) -> None:
    await put(world, main())
    for value in VALUES:
        if value == "\ud800":
            continue  # cannot be written in a body
        response = await world.ask(method, path, "root", json={**good, field: value})
        assert response.status_code < 500, (value, response.text)
        if response.status_code >= 400:
            code_of(response)


async def test_answers_have_the_shapes_that_are_documented(world: World) -> None:
    await world.ask("POST", "/flows/import", "root", content=MAIN.encode(), headers=YAML)
    whole = await post(world, "/flows/main/publish")
    told = await post(world, "/flows/main/try", {"digits": "1"})
    for kind, answer in (
        (models.Flow, whole),
        (models.FlowBrief, (await world.get("/flows", "root"))["items"][0]),
        (models.FlowTried, told),
        (models.FlowChecked, await post(world, "/flows/main/check")),
    ):
        strict: TypeAdapter[Any] = TypeAdapter(kind)
        again = strict.dump_python(strict.validate_python(answer), mode="json", exclude_unset=True)
        assert set(again) == set(answer), kind

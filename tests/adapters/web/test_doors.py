"""Who gets in: tokens, sign-in, its limits, origins, sizes, and that every error is a problem detail."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import jwt
import pytest
from starlette.datastructures import Headers
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from adapters.web.app import OPEN
from adapters.web.asking import PREFIX
from adapters.web.asking import Guarded
from adapters.web.guards import welcome
from tests.adapters.web.world import KEY, World, code_of

JSON = {"Content-Type": "application/json"}


def walk(routes: Iterable[Any]) -> Iterator[Any]:
    """Every route, however deep it is included."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walk(inner.routes)
        else:
            yield route


async def test_every_route_but_the_named_few_refuses_without_a_token(world: World) -> None:
    spec = await world.get("/api/v1/openapi.json")
    asked = 0
    for path, methods in spec["paths"].items():
        for method in methods:
            if path in OPEN:
                continue
            for garbage in (None, b'{"nonsense": [', b"\xff" * 100):
                response = await world.ask(method.upper(), path.replace("{", "").replace("}", ""), content=garbage)
                assert code_of(response) == (401, "bad_token"), (method, path)
                asked += 1
    assert asked > 60


def test_no_route_exists_that_is_neither_guarded_nor_named_as_open() -> None:
    routes = list(walk(World().app.router.routes))
    unguarded = {route.path for route in routes if not isinstance(route, Guarded)}
    named = {path.removeprefix(PREFIX) for path in OPEN} | OPEN
    assert unguarded - named == {"/api/v1/ws", "/api/v1/softphone"}, "they ask for a token in the first frame"
    assert sum(isinstance(route, Guarded) for route in routes) > 20


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        jwt.encode({"sub": "root", "tenant": "demo", "ver": 0, "iat": 1, "exp": 2e10, "iss": "cti"}, "o" * 64, "HS256"),
        jwt.encode({"sub": "root", "tenant": "demo", "ver": 0, "iat": 1, "exp": 5, "iss": "cti"}, KEY, "HS256"),
        jwt.encode({"sub": "root", "tenant": "demo", "ver": 1, "iat": 1, "exp": 2e10, "iss": "cti"}, KEY, "HS256"),
        jwt.encode({"sub": "root", "tenant": "other", "ver": 0, "iat": 1, "exp": 2e10, "iss": "cti"}, KEY, "HS256"),
        jwt.encode({"sub": "gone", "tenant": "demo", "ver": 0, "iat": 1, "exp": 2e10, "iss": "cti"}, KEY, "HS256"),
        jwt.encode({"sub": "root", "tenant": "demo", "iat": 1, "exp": 2e10, "iss": "cti"}, KEY, "HS256"),
        jwt.encode({"sub": "root", "tenant": "demo", "ver": 0, "iat": 1, "exp": 2e10}, KEY, "HS256"),
        jwt.encode({"sub": "root", "tenant": "demo", "ver": 0, "iat": 1, "exp": 2e10, "iss": "cti"}, "", "none"),
    ],
)
async def test_a_token_that_is_not_ours_or_no_longer_good_is_refused(world: World, token: str) -> None:
    response = await world.ask("GET", "/agents", headers={"Authorization": f"Bearer {token}"})
    assert code_of(response) == (401, "bad_token")


async def test_a_password_becomes_a_token_that_lasts_twelve_hours(world: World) -> None:
    form = {"username": "a1", "password": "secret of a1", "grant_type": "password"}
    response = await world.ask("POST", "/auth/token", data=form)
    body = response.json()
    assert (body["token_type"], body["expires_in"], body["role"], body["agent_no"]) == (
        "bearer",
        43200,
        "agent",
        "1001",
    )
    assert response.headers["cache-control"] == "no-store"
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await world.get("/agents/me", headers=headers))["agent_no"] == "1001"
    claims = jwt.decode(body["access_token"], KEY, ["HS256"], issuer="cti")
    assert {"sub": "a1", "tenant": "demo", "role": "agent", "ver": 0}.items() <= claims.items()
    assert abs(claims["exp"] - time.time() - 43200) < 60


async def test_five_failures_a_minute_lock_that_user_at_that_address_and_nobody_else(world: World) -> None:
    wrong = {"username": "a1", "password": "guess"}
    for _ in range(5):
        assert code_of(await world.ask("POST", "/auth/token", data=wrong)) == (401, "bad_credentials")
    right = {"username": "a1", "password": "secret of a1"}
    response = await world.ask("POST", "/auth/token", data=right)
    assert code_of(response) == (429, "too_many_failures")
    assert response.headers["retry-after"] == "60"
    other = {"username": "a2", "password": "secret of a2"}
    assert (await world.ask("POST", "/auth/token", data=other)).status_code == 200


async def test_successful_sign_ins_never_count(world: World) -> None:
    right = {"username": "a1", "password": "secret of a1"}
    for _ in range(20):
        assert (await world.ask("POST", "/auth/token", data=right)).status_code == 200


async def test_an_unknown_user_costs_the_same_work_and_gets_the_same_words(world: World) -> None:
    known = await world.ask("POST", "/auth/token", data={"username": "a1", "password": "guess"})
    unknown = await world.ask("POST", "/auth/token", data={"username": "nobody", "password": "guess"})
    assert known.json() == unknown.json()
    assert world.passwords.verified == ["secret of a1", None]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "a1"},
        {"username": "a1", "password": "x", "grant_type": "client_credentials"},
    ],
)
async def test_a_form_that_is_not_oauths_is_refused_in_words(world: World, form: dict[str, str]) -> None:
    assert code_of(await world.ask("POST", "/auth/token", data=form)) == (422, "invalid")


async def test_a_log_out_ends_every_token_of_that_person(world: World) -> None:
    token = {"Authorization": f"Bearer {world.token('a1')}"}
    assert (await world.ask("POST", "/auth/logout", headers=token)).status_code == 202
    assert code_of(await world.ask("GET", "/agents", headers=token)) == (401, "bad_token")
    assert (await world.ask("GET", "/agents", "a1")).status_code == 200


async def test_a_disabled_user_is_out_at_once(world: World) -> None:
    token = {"Authorization": f"Bearer {world.token('a1')}"}
    assert (await world.ask("PATCH", "/users/a1", "root", json={"disabled": True})).status_code == 200
    assert code_of(await world.ask("GET", "/agents", headers=token)) == (401, "bad_token")
    signing_in = await world.ask("POST", "/auth/token", data={"username": "a1", "password": "secret of a1"})
    assert code_of(signing_in) == (401, "bad_credentials")


@pytest.mark.parametrize(
    ("origin", "host", "fine"),
    [
        (None, "127.0.0.1:8080", True),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("https://cti.example.com", "cti.example.com", True),
        ("https://cti.example.com", "cti.example.com:443", True),
        ("http://CTI.example.com", "cti.example.com", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("https://crm.example.com", "cti.example.com", True),
        ("null", "127.0.0.1:8080", False),
        ("", "127.0.0.1:8080", False),
        ("http://127.0.0.1:8081", "127.0.0.1:8080", False),
        ("http://localhost:8080", "127.0.0.1:8080", False),
        ("http://sub.cti.example.com", "cti.example.com", False),
        ("http://cti.example.com.evil.com", "cti.example.com", False),
        ("file://", "cti.example.com", False),
        ("http://", "", False),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080", False),
        ("http://127.0.0.1:99999", "127.0.0.1:8080", False),
        ("http://[::1", "127.0.0.1:8080", False),
        ("chrome-extension://abc", "abc", False),
    ],
)
def test_an_origin_is_welcome_when_it_is_absent_our_own_or_listed(origin: str | None, host: str, fine: bool) -> None:
    headers = {"host": host} if origin is None else {"host": host, "origin": origin}
    assert welcome(Headers(headers), {"https://crm.example.com"}) is fine


async def test_a_foreign_origin_reaches_neither_http_nor_the_stream(
    served: World, caplog: pytest.LogCaptureFixture
) -> None:
    for origin in ("https://evil.example", "null"):
        response = await served.ask(
            "PUT", "/agents/1001/status", "a1", json={"status": "ready"}, headers={"Origin": origin}
        )
        assert code_of(response) == (403, "foreign_origin")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{served.url}/api/v1/ws".replace("http", "ws"), origin=origin, proxy=None)  # type: ignore[arg-type]
        assert refused.value.response.status_code == 403
        assert b"foreign_origin" in refused.value.response.body
    assert served.desk.asked == []
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    async with connect(f"{served.url}/api/v1/ws".replace("http", "ws"), origin=served.url, proxy=None) as socket:  # type: ignore[arg-type]
        assert await socket.recv() == "here"


async def test_a_body_too_large_is_refused_announced_or_not(served: World) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b"x" * 65536

    announced = await served.ask("POST", "/agents", "root", content=b"x" * (2 << 20))
    assert code_of(announced) == (413, "too_large")
    assert code_of(await served.ask("POST", "/agents", "root", content=chunks())) == (413, "too_large")


async def test_errors_of_every_kind_are_problem_details(served: World) -> None:
    assert code_of(await served.ask("GET", "/nonsense", "root")) == (404, "not_found")
    assert code_of(await served.ask("GET", "/nonsense")) == (404, "not_found")
    assert code_of(await served.ask("DELETE", "/agents", "root")) == (405, "method_not_allowed")
    assert code_of(await served.ask("GET", "/calls?limit=0", "root")) == (422, "invalid")
    assert code_of(await served.ask("POST", "/agents", "root", content=b"{", headers=JSON)) == (422, "invalid")
    assert code_of(await served.ask("GET", "/agents?cursor=%ff%00", "root")) == (400, "bad_request")
    assert code_of(await served.ask("POST", "/agents/me/finish_acw", "a1")) == (409, "not_in_acw")
    assert code_of(await served.ask("POST", "/calls/c-down/hangup", "a1")) == (503, "pbx_down")
    served.records.away = True
    assert code_of(await served.ask("GET", "/calls", "root")) == (503, "store_away")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_what_there_is_not_is_404_however_it_is_asked_for(world: World, method: str) -> None:
    for path in ("/api/v1/nonsense", "/api/v1/nonsense/x", "/api/v1", "/elsewhere"):
        response = await world.client.request(method, path)
        assert response.status_code == 404, path
        if method != "HEAD":
            assert code_of(response) == (404, "not_found")


async def test_a_method_that_a_route_does_not_know_is_405_and_the_known_ones_are_named(world: World) -> None:
    for method, path, known in (("GET", "/auth/token", "POST"), ("PUT", "/calls", "GET"), ("POST", "/healthz", "GET")):
        response = await world.ask(method, path, "root")
        assert code_of(response) == (405, "method_not_allowed"), path
        assert known in response.headers["allow"]


async def test_load_balancers_may_ask_for_heads_alone(world: World) -> None:
    for path, ready in (("/healthz", 200), ("/readyz", 200), ("/readyz", 503)):
        world.health.wrong = {} if ready == 200 else {"database_away": "gone"}
        response = await world.ask("HEAD", path)
        assert (response.status_code, response.content) == (ready, b"")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream", None])
async def test_a_body_in_another_form_than_json_is_415_and_says_what_is_wanted(world: World, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    response = await world.ask("PUT", "/agents/me/status", "a1", content=b'{"status": "ready"}', headers=headers)
    assert code_of(response) == (415, "unsupported_media_type")
    assert "application/json" in response.json()["detail"]
    assert world.desk.asked == []


async def test_a_bug_of_ours_is_a_problem_detail_without_details(world: World) -> None:
    world.directory.known["root"] = None  # type: ignore[assignment]
    world.board.people["1001"] = None  # type: ignore[assignment]
    response = await world.ask("GET", "/agents", "boss")
    assert code_of(response) == (500, "internal_error")
    assert "NoneType" not in response.text


async def test_every_answer_carries_the_security_headers(served: World) -> None:
    for path in ("/healthz", "/api/v1/agents", "/docs", "/api/v1/nonsense"):
        headers = (await served.ask("GET", path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "server" not in headers

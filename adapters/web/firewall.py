"""The number firewall at the HTTP door: tokens become numbers on their way in, numbers become masks on their way out.

Whatever a route answers passes here, so that no route need think of it. A role that may not see numbers gets none in
bodies, headers or errors, and finds nothing by digits; by token it finds, dials and lists like anybody.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.types import Message

from adapters.web.paging import Json
from cti.errors import NotFound
from cti.ids import TenantId
from cti.masking import Firewall, is_token, masked_text, with_numbers
from cti.people import Principal, sees_numbers

NOTHING: Final = "\ue000" * 8
"""What is searched for instead of digits: it stands nowhere."""
TOKENS: Final = "number-tokens"
"""The one noun that is about tokens themselves."""
PLAIN_NOUNS: Final = frozenset(
    {
        "agents",
        "calendars",
        "devices",
        "dispositions",
        "flows",
        "prompts",
        "queues",
        "reasons",
        "roles",
        "schedules",
        "skills",
        "teams",
        "users",
    }
)
"""What holds no customer's number, so that digits may be searched for."""
_SEARCHES: Final = frozenset({"search", "number", "caller", "object"})
_TEXTS: Final = ("text/", "application/json", "application/problem+json", "application/yaml", "application/xml")


class Clear(Json):
    """An answer that is not masked: a number that was asked for, for a reason on record; or no customer's number at all."""


async def inwards(request: Request, me: Principal, firewall: Firewall, noun: str) -> Request:
    """The request with numbers for tokens, wherever one may stand; raises `BadRequest` for a token that is none."""
    scope = request.scope
    hidden = not sees_numbers(me) and noun not in PLAIN_NOUNS
    scope["path_params"] = {
        name: _in_path(str(value), me.tenant, firewall, hidden) for name, value in scope["path_params"].items()
    }
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    meant = [(name, _in_query(name, value, me, firewall, hidden)) for name, value in asked]
    if meant != asked:
        scope["query_string"] = urlencode(meant).encode()
    return await _with_body(request, me.tenant, firewall, noun)


def _in_path(value: str, tenant: TenantId, firewall: Firewall, hidden: bool) -> str:
    if is_token(value):
        return firewall.resolve(tenant, value)
    if hidden and masked_text(value) != value:
        raise NotFound("nothing is found by a number that may not be seen")
    return value


def _in_query(name: str, value: str, me: Principal, firewall: Firewall, hidden: bool) -> str:
    if is_token(value):
        number = firewall.resolve(me.tenant, value)
        # a search looks for a part, and in the database numbers stand with and without their country
        return number.removeprefix("+86").lstrip("0") if name == "search" else number
    if hidden and name in _SEARCHES and any(one.isdecimal() for one in value):
        return NOTHING
    if name == "cursor" and not sees_numbers(me):
        return firewall.opened(me.tenant, value)
    return value


async def _with_body(request: Request, tenant: TenantId, firewall: Firewall, noun: str) -> Request:
    kind = request.headers.get("content-type", "application/json")
    if request.method in ("GET", "HEAD", "DELETE") or not kind.startswith("application/json"):
        return request
    body = await request.body()
    if b"token:" in body and noun != TOKENS:
        try:
            body = msgspec.json.encode(with_numbers(json.loads(body), partial(firewall.resolve, tenant)))
        except (ValueError, RecursionError):
            pass  # no JSON: whoever reads it will say so
    request.state.said = body
    return Request(request.scope, _again(body, request.receive))


def _again(body: bytes, receive: Callable[[], Awaitable[Message]]) -> Callable[[], Awaitable[Message]]:
    """Gives the body once, then what else comes."""
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


def outwards(response: Response, me: Principal, firewall: Firewall) -> Response:
    """The answer as this person may have it."""
    if sees_numbers(me) or isinstance(response, Clear):
        return response
    for name in ("content-disposition", "location"):
        if name in response.headers:
            response.headers[name] = masked_text(response.headers[name])
    kind = response.headers.get("content-type", "")
    if not kind.startswith(_TEXTS):
        return response
    if isinstance(response, FileResponse):
        raise NotFound("this file may hold numbers, and is not for this role")
    if isinstance(response, StreamingResponse):
        response.body_iterator = _lines(response.body_iterator)
        return response
    body = bytes(response.body)
    response.body = _masked(body, kind, me.tenant, firewall)
    response.headers["content-length"] = str(len(response.body))
    return response


def _masked(body: bytes, kind: str, tenant: TenantId, firewall: Firewall) -> bytes:
    if "json" in kind and body:
        return msgspec.json.encode(firewall.masked(tenant, msgspec.json.decode(body)))
    return masked_text(body.decode("utf-8", "replace")).encode()


async def _lines(parts: Any) -> AsyncIterator[bytes]:
    """A text masked line by line: a number could be cut in two where parts meet."""
    rest = b""
    async for part in parts:
        rest += part.encode() if isinstance(part, str) else bytes(part)
        head, found, tail = rest.rpartition(b"\n")
        if found:
            yield masked_text((head + found).decode("utf-8", "replace")).encode()
            rest = tail
    yield masked_text(rest.decode("utf-8", "replace")).encode()


def redacted(value: Any) -> Any:
    """Plain values without secrets, for the record."""
    match value:
        case Mapping():
            return {name: "***" if _is_secret(name) else redacted(one) for name, one in value.items()}
        case list():
            return [redacted(one) for one in value[:50]]
        case str():
            return value[:500]
    return value


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in ("password", "secret", "token", "key"))

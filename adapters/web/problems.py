"""Every error is a problem detail (RFC 9457) with a stable `code`; the one table from refusal to HTTP status."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, ClassVar, Final

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters.web.firewall import outwards
from cti.entry.sheets import BadSheet
from cti.errors import BadRequest, Conflict, NotAllowed, NotFound, NoVoice, OutOfTurn, PbxDown, ProvisioningOff, Refused
from cti.ivr.problems import BadFlow
from cti.people import Principal

log: Final = logging.getLogger(__name__)

MEDIA: Final = "application/problem+json"


class NotSignedIn(Refused):
    """No token, or one that is wrong, expired or revoked."""

    code = "bad_token"


class BadCredentials(Refused):
    code = "bad_credentials"


class TooManyFailures(Refused):
    code = "too_many_failures"
    retry_after: ClassVar[int] = 60


class StoreAway(Refused):
    """The database does not answer; calls go on, history has to wait."""

    code = "store_away"


STATUS: Final[tuple[tuple[type[Refused], int], ...]] = (
    (NotSignedIn, 401),
    (BadCredentials, 401),
    (TooManyFailures, 429),
    (StoreAway, 503),
    (NotFound, 404),
    (NotAllowed, 403),
    (BadFlow, 422),
    (BadSheet, 422),
    (BadRequest, 400),
    (PbxDown, 503),
    (ProvisioningOff, 503),
    (NoVoice, 503),
    (Conflict, 409),
    (OutOfTurn, 409),
    (Refused, 409),
)

CODES: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "bad_token",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    500: "internal_error",
}
"""The codes of errors that are nobody's refusal."""


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The response itself."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    extra = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(_encoded({**body, **more}), status, {**extra, **(headers or {})}, media_type=MEDIA)


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # half a character, quoted from the request
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def refusal(refused: Refused) -> Response:
    status = next(status for kind, status in STATUS if isinstance(refused, kind))
    headers = {"Retry-After": str(refused.retry_after)} if isinstance(refused, TooManyFailures) else {}
    more = {"errors": [asdict(one) for one in refused.problems]} if isinstance(refused, (BadFlow, BadSheet)) else {}
    return problem(status, refused.code, refused.message, headers, **more)


def _for(request: Request, response: Response) -> Response:
    """An error quotes what it is about; a role without numbers gets it masked."""
    me: Principal | None = getattr(request.state, "me", None)
    return response if me is None else outwards(response, me, request.app.state.ports.numbers)


async def _refused(request: Request, refused: Exception) -> Response:
    assert isinstance(refused, Refused)
    return _for(request, refusal(refused))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "error")
    return _for(request, problem(error.status_code, code, str(error.detail), error.headers))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _not_json(request, error):
        return _for(request, problem(415, CODES[415], "send a body as application/json"))
    found = [
        {"where": ".".join(str(part) for part in one["loc"]), "what": str(one["msg"])[:200]} for one in error.errors()
    ]
    invalid = problem(422, CODES[422], "the request is not as described in the interface", errors=found[:20])
    return _for(request, invalid)


def _not_json(request: Request, error: RequestValidationError) -> bool:
    """Whether a body was not even looked into, because it does not say that it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    unread = any(one["loc"] == ("body",) and one["type"] == "model_attributes_type" for one in error.errors())
    return unread and isinstance(error.body, bytes) and kind != "application/json"


async def _away(_request: Request, error: Exception) -> Response:
    log.warning("the database is away: %s", type(error).__name__)
    return refusal(StoreAway("the database does not answer; try again later"))


async def _bug(_request: Request, _error: Exception) -> Response:
    return problem(500, CODES[500], "something went wrong here; it has been logged")


def install(app: FastAPI, away: tuple[type[Exception], ...]) -> None:
    """Make all errors of this application problem details."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in away:
        app.add_exception_handler(kind, _away)
    app.add_exception_handler(Exception, _bug)

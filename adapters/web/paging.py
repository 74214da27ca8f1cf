"""Lists: `{"items", "total", "next"}` with `limit`, `cursor` and `search`; those in memory are cut into pages here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Query
from starlette.responses import Response

from adapters.web.ports import Shape
from cti.errors import BadRequest
from cti.ids import Instant

MOST: Final = 500


class Json(Response):
    """Plain values, encoded fast; the models of the interface document them and a test holds them to it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


@dataclass(frozen=True, slots=True)
class Asked:
    limit: int
    cursor: str | None
    search: str


async def asked(
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    search: Annotated[str, Query(max_length=100)] = "",
) -> Asked:
    return Asked(limit, cursor, search.strip())


Listed = Annotated[Asked, Depends(asked)]


def cursor_of(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(cursor: str) -> str:
    """What `cursor_of` was given; raises `BadRequest` for what it never made."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise BadRequest("that cursor is none of ours") from None


def instant(at: datetime | None) -> Instant | None:
    """The moment somebody names; raises `BadRequest` for one without a zone."""
    if at is None:
        return None
    if at.tzinfo is None:
        raise BadRequest("times carry a zone, like 2026-11-22T10:00:00Z")
    return Instant(round(at.timestamp() * 1000))


def answer(items: Sequence[object], total: int, following: str | None) -> Json:
    return Json({"items": items, "total": total, "next": following})


def page(
    shapes: Iterable[Shape], by: Callable[[Shape], str], words: Callable[[Shape], Iterable[object]], asked: Asked
) -> Json:
    """The page of a list in memory, ordered by a key that is unique; `words` are what a search looks at."""
    wanted = asked.search.casefold()
    found = [one for one in shapes if not wanted or any(wanted in str(word).casefold() for word in words(one))]
    found.sort(key=by)
    after = "" if asked.cursor is None else key_of(asked.cursor)
    rest = [one for one in found if by(one) > after]
    items = rest[: asked.limit]
    return answer(items, len(found), cursor_of(by(items[-1])) if len(rest) > len(items) else None)

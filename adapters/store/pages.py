"""Lists in pages: a cursor says after which row the next page begins, so that new rows shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from cti.errors import BadRequest

MOST: Final = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`total` counts all that match, `next` is the cursor of the next page or None."""

    items: Sequence[T]
    total: int
    next: str | None


def cursor_of(*key: str | int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def key_of(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """What `cursor_of` was given; raises `BadRequest` for anything else."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = msgspec.json.decode(raw, type=list[str | int])
    except (ValueError, binascii.Error):
        raise BadRequest("that cursor is none of ours") from None
    if [type(one) for one in key] != list(kinds) or any(isinstance(one, int) and abs(one) >= 1 << 63 for one in key):
        raise BadRequest("that cursor is none of ours")
    return tuple(key)


def page_size(limit: int) -> int:
    if not 1 <= limit <= MOST:
        raise BadRequest(f"limit goes from 1 to {MOST}")
    return limit

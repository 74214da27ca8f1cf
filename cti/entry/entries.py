"""One entry of the deny or VIP list 黑白名单: whom it means, what becomes of them, until when, and who said so."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from cti.entry.numbers import ANONYMOUS, plain, plain_start
from cti.errors import BadRequest
from cti.ids import Instant
from cti.targets import HANGUP, Target, target

DENY: Final = "deny"
VIP: Final = "vip"
KINDS: Final = (VIP, DENY)

EXACT: Final = "exact"
PREFIX: Final = "prefix"
PATTERN: Final = "pattern"
MATCHES: Final = (EXACT, PREFIX, PATTERN)

MOST_PRIORITY: Final = 1000

_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")
_PREFIX: Final = re.compile(r"\+?[0-9]{1,31}")
_PATTERN: Final = re.compile(r"\+?[0-9XNZ?*]{2,32}")
_DENY_KINDS: Final = ("hangup", "flow", "message", "queue", "agent", "extension", "number")
_VIP_KINDS: Final = ("queue", "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """`target`: of a deny entry where the caller goes, of a VIP their own queue or agent, if there is one."""

    kind: str
    number: str
    match: str = EXACT
    target: Target | None = None
    priority: int = 0
    name: str = ""
    reason: str = ""
    expires_at: Instant | None = None
    added_by: str = ""
    added_at: Instant = Instant(0)
    id: str = ""


def kind_of(text: str) -> str:
    if text not in KINDS:
        raise BadRequest(f"the list is one of {', '.join(KINDS)}")
    return text


def checked(entry: ListEntry) -> ListEntry:
    """The entry as it is compared with callers; raises `BadRequest` for what could match nobody or mean nothing."""
    kind = kind_of(entry.kind)
    if entry.match not in MATCHES:
        raise BadRequest(f"{entry.match[:40]!r} is no way to match; there are {', '.join(MATCHES)}")
    if not 0 <= entry.priority <= MOST_PRIORITY:
        raise BadRequest(f"priority goes from 0 to {MOST_PRIORITY}")
    if kind == DENY:
        to = target(str(entry.target or HANGUP), _DENY_KINDS)
        return replace(entry, number=number_of(entry.match, entry.number), target=to, priority=0)
    own = None if entry.target is None else target(str(entry.target), _VIP_KINDS)
    return replace(entry, number=number_of(entry.match, entry.number), target=own)


def number_of(match: str, text: str) -> str:
    """The number, prefix or pattern in the form in which it is compared."""
    text = text.strip()
    if match == EXACT:
        found = plain(text)
        good = text == ANONYMOUS or _NUMBER.fullmatch(found) is not None
    elif match == PREFIX:
        found = plain_start(text)
        good = _PREFIX.fullmatch(found) is not None
    else:
        found = plain_start(text.upper())
        good = _PATTERN.fullmatch(found) is not None and found.count("*") <= 1 and any(map(str.isdigit, found))
    if not good:
        raise BadRequest(f"{text[:40]!r} is no {_WANTED[match]}")
    return found


_WANTED: Final = {
    EXACT: "telephone number",
    PREFIX: "beginning of a number: digits, perhaps after a plus",
    PATTERN: "pattern: at least one digit, with X (0-9), N (2-9), Z (1-9), ? (any) and at most one * (any number)",
}

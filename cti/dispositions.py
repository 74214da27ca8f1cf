"""Dispositions 小结: what a call can have come to. Data, and which of them may be said of a call; decides nothing else.

There are two levels: one that has others below it is a heading, and is not said itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cti.errors import BadRequest
from cti.ids import QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """`title` is Chinese, `title_en` English. `queues`: whose calls it is for; none means all calls."""

    code: str
    title: str = ""
    title_en: str = ""
    parent: str | None = None
    queues: tuple[QueueName, ...] = ()
    active: bool = True
    order: int = 100


Known: TypeAlias = Mapping[str, Disposition]


def in_order(dispositions: Iterable[Disposition]) -> tuple[Disposition, ...]:
    """As people see them: each heading, then those below it."""
    known = by_code(dispositions)
    return tuple(sorted(known.values(), key=lambda one: place(one, known)))


def place(one: Disposition, known: Known) -> str:
    """What they are sorted by; no two have the same."""
    return " ".join(f"{each.order:05} {each.code}" for each in reversed(_line(one, known)))


def by_code(dispositions: Iterable[Disposition]) -> Known:
    return {one.code: one for one in dispositions}


def check_place(one: Disposition, known: Known) -> None:
    """Raises `BadRequest` unless there are two levels at most."""
    if one.parent is None:
        return
    above = known.get(one.parent)
    if above is None:
        raise BadRequest(f"there is no disposition {one.parent[:40]!r} to stand below")
    if above.parent is not None or above.code == one.code:
        raise BadRequest(f"{one.parent} is no heading: there are two levels")
    if _is_heading(one, known):
        raise BadRequest(f"{one.code} has others below it: there are two levels")


def check(code: str, queue: QueueName, known: Known) -> None:
    """Raises `BadRequest` unless this may be said of a call of that queue."""
    one = known.get(code)
    if one is None:
        raise BadRequest(f"there is no disposition {code[:40]!r}")
    if _is_heading(one, known):
        raise BadRequest(f"{code} is a heading: say one of those below it")
    if not _is_active(one, known):
        raise BadRequest(f"{code} is not in use any more")
    if not _is_for(one, queue, known):
        raise BadRequest(f"{code} is not for calls of {queue or 'no queue'}")


def sayable(queue: QueueName, known: Known) -> Iterator[Disposition]:
    """What may be said of calls of that queue."""
    headings = {one.parent for one in known.values()}
    for one in known.values():
        if one.code not in headings and _is_active(one, known) and _is_for(one, queue, known):
            yield one


def _is_heading(one: Disposition, known: Known) -> bool:
    return any(below.parent == one.code for below in known.values())


def _line(one: Disposition, known: Known) -> tuple[Disposition, ...]:
    """It, and the heading above it."""
    above = known.get(one.parent or "")
    return (one,) if above is None else (one, above)


def _is_active(one: Disposition, known: Known) -> bool:
    return all(each.active for each in _line(one, known))


def _is_for(one: Disposition, queue: QueueName, known: Known) -> bool:
    return all(not each.queues or queue in each.queues for each in _line(one, known))

"""Reason codes 原因码: why agents are not ready, and for how long they may be. Data and how it is read; no decisions.

A reason may be any words. Only those that are known, by their code or by one of their titles, have a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

RESERVED: Final = frozenset({"no_answer", "unreachable", "connection_lost"})
"""What the server itself gives as a reason: nobody else's code, and without a limit."""

LONGEST_LIMIT: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`title` is Chinese, `title_en` English. `limit_seconds`: after these there is a warning; 0: never."""

    code: str
    title: str = ""
    title_en: str = ""
    limit_seconds: int = 0
    active: bool = True
    order: int = 100


PRESETS: Final[Mapping[str, Reason]] = {
    one.code: one
    for one in (
        Reason(code="busy", title="示忙", title_en="Busy", order=10),
        Reason(code="break", title="小休", title_en="Break", order=20),
        Reason(code="away", title="离开", title_en="Away", order=30),
    )
}
"""What every tenant has; a row of its own under the same code takes its place."""


def with_presets(own: Iterable[Reason]) -> tuple[Reason, ...]:
    """All reasons of a tenant, in the order in which people see them."""
    every = {**PRESETS, **{one.code: one for one in own}}
    return tuple(sorted(every.values(), key=place))


def place(reason: Reason) -> str:
    """What they are sorted by; no two have the same."""
    return f"{reason.order:05} {reason.code}"


def by_words(reasons: Iterable[Reason]) -> Mapping[str, Reason]:
    """The active ones by what people may say for them: title, English title, and above these the code."""
    active = [one for one in reasons if one.active]
    titles = {title: one for one in reversed(active) for title in (one.title_en, one.title) if title}
    return {**titles, **{one.code: one for one in active}}

"""A known incident: which callers hear of it before the menu, by the beginning of their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cti.entry.numbers import plain, plain_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`prefixes`: area codes or beginnings of numbers, none means everybody. `offer`: callers may ask to be told."""

    id: str
    title: str
    prompt: str
    prefixes: tuple[str, ...] = ()
    offer: bool = False


def concerning(number: str, incidents: Iterable[Incident]) -> Sequence[Incident]:
    """The incidents that a caller of this number is told of."""
    theirs = plain(number)
    return [
        one
        for one in incidents
        if not one.prefixes or any(theirs.startswith(plain_start(prefix)) for prefix in one.prefixes)
    ]

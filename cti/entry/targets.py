"""Where a call may be sent, as one word: `flow:main`, `queue:sales`, `hangup`. It declines to know who is there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from cti.errors import BadRequest

_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "schedule": re.compile(r"[a-z0-9][a-z0-9_-]{0,63}"),
    "flow": re.compile(r"[a-z0-9][a-z0-9_-]{0,63}"),
    "queue": re.compile(r"[a-z0-9][a-z0-9_-]{0,39}"),
    "agent": re.compile(r"[0-9A-Za-z]{1,16}"),
    "extension": re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}"),  # a phone of ours, whoever sits there
    "number": re.compile(r"\+?[0-9*#]{1,32}"),
    "message": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"),
    "hangup": re.compile(""),
}

ENDS: Final = ("flow", "queue", "agent", "extension", "number", "message", "hangup")
"""What a decision may come to. A number may lead to a schedule too, and the schedule decides further."""

ENTRIES: Final = ("schedule", *ENDS)


@dataclass(frozen=True, slots=True)
class Target:
    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


HANGUP: Final = Target("hangup")


def target(text: str, kinds: Collection[str] = ENDS) -> Target:
    """The target that `text` names; raises `BadRequest` for what is none, or none of these kinds."""
    kind, _, name = text.strip().partition(":")
    pattern = _NAMES.get(kind)
    if pattern is None or kind not in kinds:
        raise BadRequest(f"{text[:60]!r} is no target; there are {', '.join(_written(one) for one in kinds)}")
    if not pattern.fullmatch(name):
        raise BadRequest(f"{name[:60]!r} is no name for {_written(kind)}")
    return Target(kind, name)


def _written(kind: str) -> str:
    return kind if kind == "hangup" else f"{kind}:…"

"""Where a call may be sent, as one word: `flow:main`, `queue:sales`, `hangup`. It declines to know who is there.

Whoever reads one names the kinds that lead somewhere from where the call is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from cti.entry.numbers import international
from cti.errors import BadRequest

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "agent": re.compile(r"[0-9A-Za-z]{1,16}"),
    "extension": re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}"),  # a phone of ours, whoever sits there
    "flow": _NAME,
    "message": re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"),
    "number": re.compile(r"\+?[0-9*#]{1,32}"),
    "queue": re.compile(r"[a-z][a-z0-9][a-z0-9_-]{0,38}"),
    "schedule": _NAME,
    "voicemail": _NAME,
}
_ALONE: Final = frozenset({"callback", "hangup", "survey"})
_WRITTEN: Final = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_BARE: Final = re.compile(r"\+?[0-9][0-9 ().-]{1,30}")

ENDS: Final = ("flow", "queue", "agent", "extension", "number", "message", "hangup")
"""What the way in may come to, for callers on a list too."""
ENTRIES: Final = ("schedule", *ENDS)
"""What a number leads to: a schedule decides further."""
OVERFLOWS: Final = ("queue", "number", "agent", "voicemail", "flow", "callback", "hangup")
"""Where a queue sends those whom it cannot serve."""


@dataclass(frozen=True, slots=True)
class Target:
    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


HANGUP: Final = Target("hangup")


def target(text: str, kinds: Collection[str]) -> Target:
    """The target that `text` names; raises `BadRequest` for what is none, or none of these kinds."""
    text = text.strip(" ")
    kind, _, name = text.partition(":")
    alone = kind in _ALONE
    if kind not in kinds or (alone and text != kind):
        raise BadRequest(f"{text[:60]!r} is no target here; there are {', '.join(map(_shown, kinds))}")
    if not alone and not _NAMES[kind].fullmatch(name):
        raise BadRequest(f"{text[:60]!r} is no target: that is no name for {_shown(kind)}")
    return Target(kind, name)


def by_hand(text: str, kinds: Collection[str]) -> Target:
    """The same for people, who write numbers as they like; what may be dialled is for the dialling rules to say."""
    kind, _, name = ("number", ":", text) if _BARE.fullmatch(text) else text.partition(":")
    if kind == "number" and kind in kinds and _WRITTEN.fullmatch(name):
        return Target(kind, international(name))
    return target(text, kinds)


def _shown(kind: str) -> str:
    return kind if kind in _ALONE else f"{kind}:…"

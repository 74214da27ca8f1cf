"""Where a call can be taken, in words: `queue:sales`. Whether there is such a queue is asked elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cti.errors import BadRequest

_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,63}"
_KINDS: Final = {
    "queue": re.compile(r"[a-z][a-z0-9][a-z0-9_-]{0,38}"),
    "number": re.compile(r"\+?[0-9*#]{1,32}"),
    "agent": re.compile(r"[0-9A-Za-z]{1,16}"),
    "voicemail": re.compile(_NAME),
    "flow": re.compile(_NAME),
}
_ALONE: Final = ("callback", "hangup")


@dataclass(frozen=True, slots=True)
class Target:
    kind: str  # queue, number, agent, voicemail, flow, callback, hangup
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def target(text: str) -> Target:
    """Read a target; raises `BadRequest` for words that lead nowhere."""
    kind, _, name = text.partition(":")
    pattern = _KINDS.get(kind)
    if (pattern is not None and pattern.fullmatch(name)) or (kind in _ALONE and text == kind):
        return Target(kind, name)
    known = ", ".join([*(f"{one}:…" for one in _KINDS), *_ALONE])
    raise BadRequest(f"{text[:60]!r} is no target; there are {known}")

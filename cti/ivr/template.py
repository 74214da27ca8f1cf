"""`${variable}` in a text: filled in once, as plain text, and never evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

VARIABLE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}(?:\.[a-z0-9_]{1,40}){0,2}")
LONGEST: Final = 2000
_HOLE: Final = re.compile(rf"\$\{{({VARIABLE.pattern})\}}")


def fill(text: str, variables: Mapping[str, str], *, in_url: bool = False) -> str:
    """The text with its variables' values; one that is not set is empty. In a URL a value stays one word of it."""

    def value(hole: re.Match[str]) -> str:
        found = variables.get(hole[1], "")
        return quote(found, safe="", errors="replace") if in_url else found

    return _HOLE.sub(value, text)[:LONGEST]


def variables_of(text: str) -> frozenset[str]:
    return frozenset(_HOLE.findall(text))


def has_broken_hole(text: str) -> bool:
    """Whether something looks like a variable and is none: it would be read out as it stands."""
    return "${" in _HOLE.sub("", text)


def plain(value: object) -> str | None:
    """A value from elsewhere as text for a variable: one line, of bounded length; None for what is no single value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return ""
    return "".join(one for one in value if one.isprintable())[:500] if isinstance(value, str) else None

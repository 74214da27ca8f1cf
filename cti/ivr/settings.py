"""What a setting of a node may hold. Each reads a plain value into a typed one or says, in words, why not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from cti.ivr.flow import LANGUAGES
from cti.ivr.line import DIGITS
from cti.ivr.template import VARIABLE, has_broken_hole

T = TypeVar("T")

KEY: Final = "setting"
_NAME: Final = re.compile(r"\w[\w.-]{0,63}")
_URL: Final = re.compile(r"https?://[^/?#${}\s@\\]+(?:[/?#]\S*)?")
TAKEN: Final = frozenset({"call", "caller", "name", "dialled"})
"""Variables that say who calls; a flow reads them and does not set them."""


class BadSetting(ValueError):
    """Not a value for this setting; the message says what would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[T]):
    """`kind`, limits and choices are for those who draw forms; `refers`: what the value is a name of."""

    kind: str
    read: Callable[[object], T]
    refers: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()


class _Required:
    pass


_REQUIRED: Final = _Required()


def setting(what: Setting[T], default: T | _Required = _REQUIRED) -> T:
    """A field of a node type: `tries: int = setting(whole(1, 10), 3)`."""
    if isinstance(default, _Required):
        made: Any = field(metadata={KEY: what})
    else:
        made = field(default_factory=lambda: default, metadata={KEY: what})
    return cast(T, made)


def whole(least: int, most: int) -> Setting[int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadSetting(f"a whole number from {least} to {most}")
        return value

    return Setting(kind="whole", read=read, least=least, most=most)


def seconds(least: float, most: float) -> Setting[float]:
    def read(value: object) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not least <= cast(float, value) <= most:
            raise BadSetting(f"seconds from {least:g} to {most:g}")
        return cast(float, value)

    return Setting(kind="seconds", read=read, least=least, most=most)


def flag() -> Setting[bool]:
    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise BadSetting("true or false")
        return value

    return Setting(kind="flag", read=read)


def one_of(*choices: str) -> Setting[str]:
    def read(value: object) -> str:
        if value not in choices:
            raise BadSetting(f"one of {', '.join(choices)}")
        return str(value)

    return Setting(kind="choice", read=read, choices=choices)


def text(most: int = 200) -> Setting[str]:
    """A text with variables."""

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise BadSetting(f"a text of up to {most} characters, in quotes if it looks like a number")
        if has_broken_hole(value):
            raise BadSetting("a text whose variables are written ${like_this}")
        return value

    return Setting(kind="text", read=read, most=most)


def url() -> Setting[str]:
    """A web address; which host is asked stands in the flow and comes from no variable."""

    def read(value: object) -> str:
        filled = text(1000).read(value)
        if filled and not _URL.fullmatch(filled):
            raise BadSetting("http:// or https://, a host without variables, and a path")
        return filled

    return Setting(kind="url", read=read, most=1000)


def name_of(what: str, *, filled: bool = False) -> Setting[str]:
    """The name of a queue, flow, schedule, ... ; `filled`: it may come from a variable."""

    def read(value: object) -> str:
        if filled and isinstance(value, str) and "${" in value:
            return text(64).read(value)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise BadSetting(f"the name of a {what}, in quotes if it looks like a number")
        return value

    return Setting(kind="name", read=read, refers=what)


def prompts(least: int = 0) -> Setting[tuple[str, ...]]:
    """Prompts, played one after the other. `en:closed` is spoken in English whatever the caller's language is."""
    name = name_of("prompt")

    def one(value: object) -> str:
        name.read(in_language(value)[1] if isinstance(value, str) else value)
        return str(value)

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= 20:
            raise BadSetting(f"a list of {least} to 20 names of prompts")
        return tuple(one(each) for each in value)

    return Setting(kind="prompts", read=read, refers="prompt", least=least, most=20)


def in_language(prompt: str) -> tuple[str, str]:
    """Language and name of a prompt; the language is empty where none is named."""
    language, colon, name = prompt.partition(":")
    return (language, name) if colon and language in LANGUAGES else ("", prompt)


def key(*, none: bool = False) -> Setting[str]:
    """One key of a telephone; `none`: it may also be empty."""

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) != 1 or value not in DIGITS:
            if none and value == "":
                return ""
            raise BadSetting("one key, in quotes: 0 to 9, * or #" + (", or nothing" if none else ""))
        return value

    return Setting(kind="key", read=read)


def variable() -> Setting[str]:
    """The name of a variable to be set."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not VARIABLE.fullmatch(value) or value in TAKEN:
            raise BadSetting("the name of a variable: a-z, 0-9, _ and dots; call, caller, name and dialled are taken")
        return value

    return Setting(kind="variable", read=read)


def mapping(keys: Setting[str], values: Setting[T], kind: str, *, least: int = 0) -> Setting[Mapping[str, T]]:
    """Several of one sort under names of another."""

    def read(value: object) -> Mapping[str, T]:
        if not isinstance(value, Mapping) or not least <= len(value) <= 50:
            raise BadSetting(f"a mapping of {least} to 50 items")
        return {keys.read(one): values.read(inner) for one, inner in value.items()}

    return Setting(kind=kind, read=read, least=least, most=50)

"""One number, however it is written: +86 138…, 0086138… and 138… are the same caller. Home is China."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

ANONYMOUS: Final = "anonymous"
"""Stands for callers who hide their number; an entry of a list may name them."""

_LONGEST: Final = 64
_PUNCTUATION: Final = re.compile(r"[\s().-]+")
_MOBILE: Final = re.compile(r"(?:\+86|86|0)?(1[3-9][0-9]{9})")
_WRITTEN: Final = re.compile(r"\+861[3-9][0-9]{9}")
_SERVICE: Final = re.compile(r"\+86((?:400|800)[0-9]{7})")
_FIXED: Final = re.compile(r"\+86((?:10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8})")
_NO_AREA: Final = re.compile(r"1[3-9]|[48]00|0|$")
_HIDDEN: Final = frozenset({"", "anonymous", "unknown", "<unknown>", "restricted", "private", "unavailable"})


@lru_cache(maxsize=8192)
def plain(number: str) -> str:
    """The number as it is compared: at home without country code, area codes with their 0, from abroad with a plus."""
    text = _PUNCTUATION.sub("", number[:_LONGEST])
    if text.lower() in _HIDDEN:
        return ANONYMOUS
    if text.startswith("00"):
        text = "+" + text[2:]
    if mobile := _MOBILE.fullmatch(text):
        return mobile[1]
    if service := _SERVICE.fullmatch(text):
        return service[1]
    if fixed := _FIXED.fullmatch(text):
        return "0" + fixed[1]
    return text.removeprefix("+86")


def plain_start(digits: str) -> str:
    """The beginning of numbers, in the same form: +86138 is 138, +8610 and +86010 are 010, 0085 is +85."""
    text = _PUNCTUATION.sub("", digits[:_LONGEST])
    if text.startswith("00"):
        text = "+" + text[2:]
    home = text.removeprefix("+86")
    if home == text or _NO_AREA.match(home):
        return home
    return "0" + home


def international(number: str) -> str:
    """A number as the contract writes it: `+86…` where that is sure, else as it is compared."""
    if _WRITTEN.fullmatch(number):
        return number
    text = plain(number)
    if _MOBILE.fullmatch(text) or _SERVICE.fullmatch("+86" + text):
        return "+86" + text
    if text.startswith("0") and _FIXED.fullmatch("+86" + text[1:]):
        return "+86" + text[1:]
    return text

"""Actions as bytes: the one place that cleans what is sent to Asterisk.

It knows what may stand on a line of AMI, not what the actions mean.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, unquote

from adapters.asterisk.failures import BadValue

LONGEST_LINE: Final = 1000  # Asterisk gives up at 1,024 bytes
MOST_HEADERS: Final = 120  # and at 128 headers, then with an error that may not say to which action
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_OURS: Final = re.compile(r"(?:__)?CTI_[A-Z_]{1,24}")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Action:
    """What to ask of Asterisk; its id is given when it is sent. Values stay out of its `repr`, and so out of logs."""

    name: str
    headers: Sequence[tuple[str, str]] = ()

    def __repr__(self) -> str:
        return f"<Action {self.name}, {len(self.headers)} headers>"


def encode(action: Action, action_id: str) -> bytes:
    """Return the bytes of `action`, its id first, or raise BadValue; nothing in a value can become another line."""
    if len(action.headers) > MOST_HEADERS:
        raise BadValue(_shown(action), f"more than {MOST_HEADERS} headers")
    lines = [f"ActionID: {action_id}", f"Action: {action.name}"]
    for name, value in action.headers:
        if not _may_be_header(name):
            raise BadValue(_shown(action), "a header name that is none")
        lines.append(f"{name}: {value}")
    text = "\r\n".join(lines)
    if not _NAME.fullmatch(action.name) or text.count("\r") + text.count("\n") != 2 * len(lines) - 2 or "\0" in text:
        raise BadValue(_shown(action), "a line break or NUL")
    wire = plain(text).encode()
    if len(wire) > LONGEST_LINE and any(len(line) > LONGEST_LINE for line in wire.split(b"\r\n")):
        raise BadValue(_shown(action), f"a line of more than {LONGEST_LINE} bytes")
    return wire + b"\r\n\r\n"


@lru_cache(maxsize=256)
def _may_be_header(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name.lower() not in ("action", "actionid")


def plain(text: str) -> str:
    """Return `text` with every lone surrogate, which JSON lets through and UTF-8 does not, as U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def encode_variable(name: str, value: str) -> str:
    """Return `NAME=value` for a `Variable` header: a name of ours, and a value without a character that means anything.

    Asterisk splits that header at commas and eats quotes, so `a,CALLERID(num)=1` would set two variables.
    """
    return f"{variable_name(name)}={encode_value(value)}"


def variable_name(name: str) -> str:
    """Return `name` if it is one of ours; who may choose it freely owns the machine (`ENV`, `AST_CONFIG`)."""
    if not _OURS.fullmatch(name):
        raise BadValue("Variable", "a variable name that is not ours")
    return name


def encode_value(value: str) -> str:
    """Percent-encode everything but letters, digits and `-._~`."""
    return quote(plain(value), safe="")


def decode_value(value: str) -> str:
    """Undo `encode_value`."""
    return unquote(value)


def _shown(action: Action) -> str:
    return action.name if _NAME.fullmatch(action.name) else "Action"

"""Bytes of FastAGI, both ways: the header Asterisk opens with, commands as lines, replies as values. Pure.

What stands in parentheses of a reply is somebody's text, perhaps the caller's: it is handed on and never obeyed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.asterisk.encode import plain
from adapters.asterisk.failures import BadWord

LONGEST_COMMAND: Final = 1900  # Asterisk reads 2,048 bytes
_VERB: Final = re.compile(r"[A-Z]+(?: [A-Z]+){0,2}")
_ENV: Final = re.compile(r"(agi_[a-z0-9_]{1,40}): ?(.*)", re.DOTALL)
_REPLY: Final = re.compile(r"([0-9]{3})([ -])(.*)", re.DOTALL)
_RESULT: Final = re.compile(r"result=([-0-9A-Za-z*#]*)(?: \((.*)\))?(?: endpos=([0-9]{1,15}))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AgiReply:
    """One answer: its code, the word after `result=`, the text in parentheses, the sample a sound stopped at."""

    code: int
    result: str = ""
    text: str = ""
    endpos: int | None = None


class Garbled(ValueError):
    """What came is not what Asterisk says."""


def environment(lines: Sequence[bytes]) -> Mapping[str, str]:
    """Return the header; a name that comes twice is a forgery, by way of a line break in a caller's number."""
    found: dict[str, str] = {}
    for line in lines:
        match = _ENV.fullmatch(line.decode("utf-8", "replace"))
        if match is None or match[1] in found:
            raise Garbled("a header line that Asterisk does not write")
        found[match[1]] = match[2]
    if "agi_channel" not in found:
        raise Garbled("a header without a channel")
    return found


def command(verb: str, *words: str) -> bytes:
    """Return a command line: `verb` as it is, every word after it in quotes, so that none can become a second one."""
    if not _VERB.fullmatch(verb):
        raise BadWord("a verb that is none")
    line = " ".join([verb, *(_quoted(word) for word in words)])
    wire = plain(line).encode() + b"\n"
    if len(wire) > LONGEST_COMMAND:
        raise BadWord(f"a command of more than {LONGEST_COMMAND} bytes")
    return wire


def _quoted(word: str) -> str:
    if any(bad in word for bad in "\r\n\0"):
        raise BadWord("a line break or NUL")
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Answer:
    """Gathers the lines of one reply: `100 Trying` comes before it, a `520-` usage text runs on to its `520 ` line."""

    def __init__(self) -> None:
        self._usage = False

    def take(self, line: bytes) -> AgiReply | None:
        """Return the reply once `line` completes it."""
        if self._usage:
            return AgiReply(520, text="usage") if line.startswith(b"520 ") else None
        match = _REPLY.fullmatch(line.decode("utf-8", "replace"))
        if match is None or (match[2] == "-") != line.startswith(b"520-"):
            raise Garbled("a reply that Asterisk does not write")
        self._usage = match[2] == "-"
        if self._usage or match[1] == "100":
            return None
        return _read(int(match[1]), match[3])


def _read(code: int, rest: str) -> AgiReply:
    if code != 200:
        return AgiReply(code, text=rest)
    result = _RESULT.match(rest)
    if result is None:
        raise Garbled("a reply without a result")
    return AgiReply(200, result[1], result[2] or "", int(result[3]) if result[3] else None)

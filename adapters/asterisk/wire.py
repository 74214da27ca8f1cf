"""One AMI message, as it came: header names to text, nothing added and no meaning decided.

It declines to know which events exist. Parsing waits for the first look, since many messages are only counted.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

_EVENT: Final = b"Event: "
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_PLAIN: Final = dict(zip("abfnrtv\\'\"?", "\a\b\f\n\r\t\v\\'\"?", strict=True))


def unescape(value: str) -> str:
    """Return `value` without the C escapes that Asterisk puts into names and variables of channel events.

    Not for UserEvent headers, numbers or extensions: Asterisk sends those as they are.
    """
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[0]), value)


class Message:
    """Headers of one event or response. Names are matched exactly; the first of several wins; it never changes."""

    __slots__ = ("_first", "_raw", "name")

    def __init__(self, raw: bytes, name: str | None = None) -> None:
        self._raw = raw
        self._first: dict[str, str] | None = None
        self.name: Final[str] = self._name() if name is None else name
        """What the `Event` header says; empty for a response."""

    @classmethod
    def of(cls, *headers: tuple[str, str]) -> "Message":
        """Make a message from its headers, for tests and twins."""
        return cls("\r\n".join(f"{name}: {value}" for name, value in headers).encode("utf-8", "replace"))

    @property
    def headers(self) -> Mapping[str, str]:
        """The first value of each header."""
        return self._first or self._parse()

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header, or `default` where there is none."""
        return (self._first or self._parse()).get(name, default)

    def __getitem__(self, name: str) -> str:
        return (self._first or self._parse())[name]

    def __contains__(self, name: object) -> bool:
        return name in (self._first or self._parse())

    def __iter__(self) -> Iterator[str]:
        return iter(self._first or self._parse())

    def __len__(self) -> int:
        return len(self._first or self._parse())

    def items(self) -> Iterator[tuple[str, str]]:
        """Every header in the order it came, repeats included."""
        for line in self._lines():
            name, _, value = line.partition(": ")
            yield name, value

    def all(self, name: str) -> list[str]:
        """Every value of a header that may come several times, such as `ChanVariable`, in order."""
        return [value for each, value in self.items() if each == name]

    def __repr__(self) -> str:
        return f"<Message {self.name or 'response'}, {len(self._raw)} bytes>"  # no values: they reach logs

    def _name(self) -> str:
        if self._raw.startswith(_EVENT):
            return self._raw[len(_EVENT) :].partition(b"\r\n")[0].decode("utf-8", "replace")
        return self.get("Event")

    def _lines(self) -> list[str]:
        return self._raw.decode("utf-8", "replace").split("\r\n")

    def _parse(self) -> dict[str, str]:
        lines = self._lines()
        lines.reverse()  # so that of several the first is written last
        first = {name: value for name, _, value in [line.partition(": ") for line in lines]}
        self._first = first
        return first

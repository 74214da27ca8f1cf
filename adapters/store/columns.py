"""Column types: the one place where text is made fit for both databases. Knows nothing of what the text means.

PostgreSQL refuses U+0000 in text, and neither database takes half a surrogate pair; both become U+FFFD on their way in,
as stored values and as search words alike.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from sqlalchemy import Dialect, Text, TypeDecorator

_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")
_ESCAPED_NUL: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_LONGEST_KEY: Final = 200  # an index row of PostgreSQL ends at 2,704 bytes; no honest number or name comes near


def clean(text: str) -> str:
    """`text` without what a database refuses."""
    return text if text.isprintable() else _UNFIT.sub("\ufffd", text)


def to_json(value: object) -> str:
    """JSON text of `value`; a `msgspec.Raw` goes through as it is."""
    text = encode(value).decode()
    return _ESCAPED_NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


def encode(value: object) -> bytes:
    """JSON of `value`, dataclasses too; half a surrogate pair, which has no UTF-8, becomes U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_deeply(msgspec.to_builtins(value)))


def _deeply(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case dict():
            return {_deeply(key): _deeply(one) for key, one in value.items()}
        case list() | tuple():
            return [_deeply(one) for one in value]
        case _:
            return value


def from_json(text: str | bytes) -> Any:
    return msgspec.json.decode(text)


class Words(TypeDecorator[str]):
    """Text as people and phones wrote it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or value.isprintable() else _UNFIT.sub("\ufffd", value)


class Key(TypeDecorator[str]):
    """Text that is looked up by an index, and so has an end."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return (value if value.isprintable() else _UNFIT.sub("\ufffd", value))[:_LONGEST_KEY]

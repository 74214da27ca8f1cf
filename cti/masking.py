"""The number firewall 号码防火墙: what may be seen of a customer's number, and the token that stands for it.

Whoever may not see numbers gets at most the first three and last four digits, and a token to dial, search, list and
call back with. A token is the number itself, encrypted under a key of the tenant's own, the same for the same number:
nothing needs to be kept, nobody guesses one, and another tenant's opens nothing. Pure; every exit calls it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import count
from typing import Any, Final
from unicodedata import decimal
from urllib.parse import quote, unquote

from cti.entry.numbers import ANONYMOUS, international, plain
from cti.errors import BadRequest
from cti.ids import TenantId

TOKEN: Final = "token:"
HIDDEN: Final = "****"

# Letters alone: a token or a cursor must not look like a number to anybody, least of all to the masks below.
_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_DIGITS: Final = str.maketrans("abcdefghijklmnop", "0123456789abcdef")
_SEALED: Final = re.compile(r"(?:[a-p]{2}){9,200}")
_TOKEN: Final = re.compile(r"token:[a-p]{48,112}")
_TAG: Final = 8
_BLOCK: Final = 16

NUMBER_KEYS: Final = frozenset(
    {
        "number",
        "caller",
        "caller_id",
        "caller_number",
        "customer_number",
        "callback_number",
        "from_number",
        "to_number",
        "phone",
        "mobile",
        "telephone",
    }
)
"""Fields that hold a customer's number, however short; in all others what looks like one is found by its length."""

_BETWEEN: Final = r"(?:[\s()\[\]（）./*_·\-‐-―−\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|,(?=\d)){0,3}"
_RUN: Final = rf"\+?\d(?:{_BETWEEN}\d){{6,}}"
_WRITTEN: Final = re.compile(rf"\+?[\d*#](?:{_BETWEEN}[\d*#])*")
_DAY: Final = r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_NO_MORE: Final = rf"(?!{_BETWEEN}\d)"
"""Nothing goes on here that would make it a part of a number."""
_SECOND: Final = r"1[6-9]\d{8}"
"""Between 2020 and 2033: what Asterisk's ids and ours begin with."""
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_KEPT: Final = "|".join(
    (
        rf"(?<!\d){_DAY}(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?!\d)|{_NO_MORE})",
        rf"(?<![\d.]){_SECOND}-\d{{1,10}}-\d{{6}}(?:\.\d{{1,4}})?(?![\d-])",  # our ids of calls and offers
        rf"(?<![\d.]){_SECOND}\.\d{{1,10}}(?![\d.])",  # Asterisk's ids of channels
        rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}{_NO_MORE}",  # hosts
        r"PJSIP/(?:\d{1,6}|[a-z]\w*)(?:-[a-z]\w*)*-[0-9a-f]{8}(?![0-9a-f])",  # channels
        r"(?<![0-9a-z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z])",
        r"(?<![0-9a-z])(?=[0-9]*[a-f])[0-9a-f]{16,128}(?![0-9a-z])",  # hashes
    )
)
_WORN: Final = re.compile(r"1[3-9]\d{8}\.\d")
"""A mobile number with one dot in it, which the id of one of Asterisk's first ten channels cannot be told from."""
_LONG: Final = re.compile(_RUN)
_FOUND: Final = re.compile(rf"(?P<kept>{_KEPT})|{_RUN}")
_ID: Final = re.compile(_KEPT)


def masked(number: str) -> str:
    """At most the first three and last four digits, fewer of a short one, never all."""
    digits = re.sub(r"\D", "", plain(_ascii(number)))
    shown = 7 if len(digits) > 10 else len(digits) // 2
    head = shown * 3 // 7
    return digits[:head] + HIDDEN + digits[len(digits) - (shown - head) :]


def masked_text(text: str) -> str:
    """A sentence with every number of seven digits or more masked, however it is written; times and ids stay."""
    if "%" in text and (unquoted := unquote(text)) != text:
        found = _masked_text(unquoted)
        return text if found == unquoted else found
    return _masked_text(text)


def _masked_text(text: str) -> str:
    if all(_is_id(run[0]) for run in _LONG.finditer(text)):
        return text  # most sentences hold ids at most, and this is the short way to know it
    return _FOUND.sub(_hide, text)


def _hide(found: re.Match[str]) -> str:
    return found[0] if found["kept"] and not _WORN.fullmatch(found[0]) else masked(found[0])


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and not _WORN.fullmatch(text)


def _ascii(number: str) -> str:
    """With the digits of every script as 0 to 9."""
    if number.isascii():
        return number
    return "".join(str(decimal(one)) if one.isdecimal() else one for one in number)


def shown_on_phone(number: str, name: str, sees_numbers: bool) -> tuple[str, str]:
    """Number and name of a caller as an agent's phone may show them."""
    if sees_numbers:
        return number, name
    return _any(number), _any(name)


def is_number(text: str) -> bool:
    """Whether this is a number and nothing else, so that it is masked however short it is."""
    return _WRITTEN.fullmatch(text) is not None and any(one.isdecimal() for one in text)


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def _any(text: str) -> str:
    return masked(text) if is_number(text) else masked_text(text)


def with_numbers(value: Any, resolve: Callable[[str], str], key: str = "") -> Any:
    """What somebody said, with the number for every token in it; raises `BadRequest` for a token that is none.

    Where a call is to go, a number is named as one: `number:…`.
    """
    match value:
        case str() if is_token(value):
            return f"number:{resolve(value)}" if key == "to" else resolve(value)
        case Mapping():
            return {name: with_numbers(one, resolve, name) for name, one in value.items()}
        case list():
            return [with_numbers(one, resolve, key) for one in value]
    return value


class Firewall:
    """Masks and tokens of all tenants, under one key that never leaves the server."""

    def __init__(self, key: bytes) -> None:
        self._keys = lru_cache(maxsize=1024)(lambda purpose: hmac.digest(key, purpose.encode(), hashlib.sha256))
        self._cached = lru_cache(maxsize=16384)(self._seal)

    # --- tokens ---

    def token(self, tenant: TenantId, number: str) -> str:
        """What stands for this number, however it is written."""
        return TOKEN + self._cached(f"number:{tenant}", plain(_ascii(number)))

    def resolve(self, tenant: TenantId, token: str) -> str:
        """The number a token stands for, `+86…` where that is sure; raises `BadRequest` for what is no token here."""
        if not is_token(token):
            raise BadRequest("that is no number token")
        return international(self._open(f"number:{tenant}", token.removeprefix(TOKEN), "number token"))

    def sealed(self, tenant: TenantId, cursor: str) -> str:
        """A cursor that tells nothing: what it was made of may be a number."""
        return self._seal(f"cursor:{tenant}", cursor)

    def opened(self, tenant: TenantId, sealed: str) -> str:
        """What `sealed` was given; raises `BadRequest`."""
        return self._open(f"cursor:{tenant}", sealed, "cursor of ours")

    def _seal(self, purpose: str, text: str) -> str:
        """Deterministic and authenticated: the tag over the text is what its stream of keys begins with."""
        words = text.encode("utf-8", "replace")
        words += b"\0" * (-len(words) % _BLOCK)
        tag = self._tag(purpose, words)
        return (tag + self._mixed(purpose, tag, words)).hex().translate(_LETTERS)

    def _open(self, purpose: str, sealed: str, what: str) -> str:
        if _SEALED.fullmatch(sealed):
            both = bytes.fromhex(sealed.translate(_DIGITS))
            tag, words = both[:_TAG], self._mixed(purpose, both[:_TAG], both[_TAG:])
            if hmac.compare_digest(tag, self._tag(purpose, words)):
                return words.rstrip(b"\0").decode()
        raise BadRequest(f"that is no {what}")

    def _tag(self, purpose: str, words: bytes) -> bytes:
        return hmac.digest(self._keys(f"tag {purpose}"), words, hashlib.sha256)[:_TAG]

    def _mixed(self, purpose: str, tag: bytes, words: bytes) -> bytes:
        key, stream = self._keys(f"stream {purpose}"), b""
        for n in count():
            if len(stream) >= len(words):
                break
            stream += hmac.digest(key, tag + n.to_bytes(4, "big"), hashlib.sha256)
        return bytes(a ^ b for a, b in zip(words, stream, strict=False))

    # --- masks ---

    def masked(self, tenant: TenantId, value: Any) -> Any:
        """Plain values as a role without numbers may have them: each number masked, its token in `<field>_token`."""
        known = {number: self.token(tenant, number) for number in _numbers(value)}
        return self._masked(tenant, value, known)

    def _masked(self, tenant: TenantId, value: Any, known: Mapping[str, str]) -> Any:
        match value:
            case str():
                return masked_text(value)
            case Mapping():
                return dict(self._fields(tenant, value, known))
            case list() | tuple():
                return [self._masked(tenant, one, known) for one in value]
        return value

    def _fields(
        self, tenant: TenantId, value: Mapping[str, Any], known: Mapping[str, str]
    ) -> Iterator[tuple[str, object]]:
        for key, one in value.items():
            if _is_customers(key, one):
                yield key, masked(str(one))
                yield f"{key}_token", self.token(tenant, str(one))
            elif key == "name" and "number" in value and isinstance(one, str):
                yield key, _any(one)
            elif key == "dialled" and value.get("direction") == "inbound":
                yield key, one  # a number of our own
            elif key == "url" and isinstance(one, str):
                yield key, masked_text(_with_tokens(one, known))
            elif key == "next" and isinstance(one, str):
                yield key, self.sealed(tenant, one)
            elif isinstance(one, str) and is_number(one) and masked_text(one) != one:
                yield key, masked(one)
                yield f"{key}_token", self.token(tenant, one)
            else:
                yield masked_text(key), self._masked(tenant, one, known)


def _is_customers(key: str, value: object) -> bool:
    if key not in NUMBER_KEYS or isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, str) and value != ANONYMOUS and is_number(value))


def _numbers(value: object) -> Iterator[str]:
    match value:
        case Mapping():
            for key, one in value.items():
                if _is_customers(key, one):
                    yield str(one)
                else:
                    yield from _numbers(one)
        case list() | tuple():
            for one in value:
                yield from _numbers(one)


def _with_tokens(url: str, known: Mapping[str, str]) -> str:
    """A link to the CRM that carries tokens for numbers; the CRM asks what they stand for."""
    for number, token in known.items():
        for written in dict.fromkeys((quote(number, safe=""), number)):
            url = url.replace(written, quote(token, safe=""))
    return url

"""Trunks that are made here: whom calls from outside are taken from, and by which of them a call leaves. Pure.

A trunk is known by the addresses its calls come from, never by a name it gives itself; so the addresses are looked at
with care: one that phones or the server share would let anybody in who sits there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from cti.errors import BadRequest
from cti.phones import mistakable

PREFIX: Final = "cti-trunk-"
"""What Asterisk calls a trunk of ours begins so; the event filter and the doors of the dialplan know it by that."""
ADDRESSES_MOST: Final = 32
CALLER_IDS_MOST: Final = 200
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_USER: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_REALM: Final = re.compile(r"[A-Za-z0-9._@: -]{1,128}")
_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")
_HERE: Final = tuple(map(ip_network, ("127.0.0.1", "::1")))
_LOOPBACK: Final = ip_network("127.0.0.0/8")
_MAPPED: Final = ip_network("::ffff:0:0/96")
_WIDEST: Final = {4: 16, 6: 48}

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A trunk as a call that leaves needs to know it: Asterisk's name of it, and the numbers it may show."""

    trunk: str
    caller_ids: tuple[str, ...] = ()
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """`match`: where its calls come from. `user`, `realm`, `digest`: what answers the other side's challenge."""

    name: str
    host: str
    port: int = 5060
    title: str = ""
    match: tuple[str, ...] = ()
    user: str = ""
    realm: str = ""
    digest: str = field(default="", repr=False)
    register: bool = False
    caller_ids: tuple[str, ...] = ()
    is_default: bool = False
    enabled: bool = True

    @property
    def endpoint(self) -> str:
        """What Asterisk calls it."""
        return PREFIX + self.name

    @property
    def line(self) -> Line:
        return Line(trunk=self.endpoint, caller_ids=self.caller_ids, is_default=self.is_default)


def checked(trunk: Trunk) -> Trunk:
    """The trunk as it may be; raises `BadRequest`, naming what may not."""
    if len(trunk.name) > 24 or not _NAME.fullmatch(trunk.name) or mistakable(trunk.endpoint):
        raise BadRequest(f"{trunk.name[:40]!r} is no name of a trunk: a letter, then up to 23 of a-z, 0-9 and -")
    if not 1 <= trunk.port <= 65535:
        raise BadRequest("the port goes from 1 to 65535")
    if trunk.user and not _USER.fullmatch(trunk.user):
        raise BadRequest("the user is 1 to 64 letters, digits, dots, dashes, + and _")
    if trunk.realm and not _REALM.fullmatch(trunk.realm):
        raise BadRequest("the realm is what the other side's challenge says, such as sip.example.com")
    if bool(trunk.user) != bool(trunk.digest):
        raise BadRequest("user and secret go together")
    if trunk.register and not trunk.user:
        raise BadRequest("a trunk that registers has user and secret")
    if len(trunk.match) > ADDRESSES_MOST or len(trunk.caller_ids) > CALLER_IDS_MOST:
        raise BadRequest(f"a trunk has up to {ADDRESSES_MOST} addresses and {CALLER_IDS_MOST} caller ids")
    wrong = next((one for one in trunk.caller_ids if not _NUMBER.fullmatch(one)), None)
    if wrong is not None:
        raise BadRequest(f"{wrong[:40]!r} is no number to show: 2 to 20 digits, perhaps after a plus")
    return replace(
        trunk,
        host=host(trunk.host),
        match=tuple(dict.fromkeys(map(address, trunk.match))),
        caller_ids=tuple(dict.fromkeys(trunk.caller_ids)),
    )


def host(value: str) -> str:
    """A host name or an address; raises `BadRequest`."""
    try:
        found = ip_address(value)
    except ValueError:
        labels = value.split(".")
        named = len(value) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
        if not named:
            raise BadRequest(f"{value[:60]!r} is no host: a name such as sip.example.com, or an address") from None
        return value.lower()
    if found.is_unspecified or found.is_multicast or found in ip_network("255.255.255.255") or "%" in value:
        raise BadRequest(f"{value[:60]!r} is nobody's address")
    return str(found)


def address(value: str) -> str:
    """An address, or a network of addresses, that calls may come from; raises `BadRequest`."""
    try:
        found = ip_network(value)
    except ValueError:
        raise BadRequest(f"{value[:60]!r} is no address, and no network such as 203.0.113.0/29") from None
    if found.prefixlen < _WIDEST[found.version]:
        raise BadRequest(f"{found} is too wide: at most /{_WIDEST[found.version]}")
    if any(_meet(found, one) for one in _HERE) or _meet(found, _MAPPED):
        raise BadRequest(f"{found} is this machine: every page, and all that the server relays, comes from there")
    if _meet(found, _LOOPBACK) and found.num_addresses > 1:
        raise BadRequest(f"{found}: of this machine's own addresses a trunk has single ones, phones have others")
    if found.is_multicast or found.network_address.is_unspecified or "%" in value:
        raise BadRequest(f"{found} is nobody's address")
    return str(found.network_address) if found.num_addresses == 1 else str(found)


def shared(mine: Iterable[str], others: Iterable[str]) -> str | None:
    """The first of these addresses that one of the others holds too."""
    taken = [ip_network(one) for one in others]
    return next((one for one in mine if any(_meet(ip_network(one), other) for other in taken)), None)


def _meet(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)

"""Phones that are made here: what they may be called, their kinds, and what is kept of a secret. Pure.

Asterisk never needs the secret itself: a digest of it, tied to the name and the realm, answers every challenge.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final, Literal

from cti.errors import BadRequest
from cti.ids import AgentNo, DeviceName

Kind = Literal["desk", "web"]
KINDS: Final[tuple[Kind, ...]] = ("desk", "web")
REALM: Final = "asterisk"
"""What Asterisk says in its challenges to phones."""
WEB: Final = "-web"
"""How the names of browser phones end."""
OURS: Final = "cti-"
"""What the product's own objects in Asterisk begin with: nobody's phone does."""
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_CHANNEL: Final = re.compile(r".*-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One phone. `desk`: plain SIP; `web`: in a browser. `digest` is all that is left of its secret."""

    name: DeviceName
    kind: Kind
    digest: str = field(repr=False)


def name_for(agent: AgentNo, kind: Kind) -> DeviceName:
    """What an agent's phone is called unless somebody says otherwise."""
    return named(f"{agent}{WEB if kind == 'web' else ''}", kind)


def named(name: str, kind: Kind) -> DeviceName:
    """A name that a phone of this kind may have; raises `BadRequest`."""
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{name[:40]!r} is no name of a phone: 1 to 32 letters, digits and dashes")
    if name.lower().startswith(OURS):
        raise BadRequest(f"names that begin with {OURS} are the product's own")
    if mistakable(name):
        raise BadRequest("a name does not end in a dash and eight digits from 0 to f: so channels are called")
    if name.endswith(WEB) != (kind == "web"):
        raise BadRequest(f"the name of a browser phone, and of no other, ends in {WEB}")
    return DeviceName(name)


def mistakable(name: str) -> bool:
    """Whether a name reads like one of a channel: `1001-0000000a` is a call of the phone 1001."""
    return _CHANNEL.fullmatch(name) is not None


def digest_of(user: str, secret: str, realm: str = REALM) -> str:
    """What answers a challenge in place of the secret (RFC 2617, HA1)."""
    return hashlib.md5(f"{user}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()

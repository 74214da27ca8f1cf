"""Phones and trunks as objects of res_pjsip: the fields that are pushed, every one of them built here. Pure.

An object of PJSIP can do harm (a context, a variable, a header it is known by), so nobody hands fields through: what is
not written in this file reaches no object, and the values come from records that have been checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cti.phones import Phone
from cti.trunks import Trunk

OWNER: Final = ("oauth_clientid", "cti")
"""Says of an `auth` that it is ours, in a field that digest authentication never reads."""
MARK: Final = "mwi_from_user"
"""Says of an `endpoint` which objects belong to it, in a field that nothing reads where there are no mailboxes."""
KINDS: Final = ("registration", "identify", "aor", "endpoint", "auth")
"""All kinds of object there are of one name, in the order in which they are taken away: while its endpoint is there a
phone that loses its address is told to be unreachable, and `auth` says to the last whose all this is."""
_NOTHING: Final = "0" * 32  # of a trunk that answers no challenge, so that nothing reads it
_NOT_SHOWN: Final = frozenset('"<>\\,;')

_PHONE: Final[Mapping[str, str]] = {
    "context": "cti-agents",
    "disallow": "all",
    "direct_media": "no",
    "allow_subscribe": "no",
    "allow_overlap": "no",
}
_DESK: Final[Mapping[str, str]] = {
    "allow": "ulaw,alaw",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
}
_WEB: Final[Mapping[str, str]] = {
    "webrtc": "yes",
    "dtls_auto_generate_cert": "yes",
    "allow": "ulaw,opus",
    "rtp_timeout": "30",  # ends the call of a page that vanished
    "rtp_timeout_hold": "300",
}
_REGISTERS: Final[Mapping[str, str]] = {
    "max_contacts": "1",  # the phone signed in last is the one that rings
    "remove_existing": "yes",
    "minimum_expiration": "10",
    "default_expiration": "120",
}
_TRUNK: Final[Mapping[str, str]] = {
    "context": "cti-trunk",
    "identify_by": "ip",  # no password here, so the name must open nothing
    "disallow": "all",
    "allow": "ulaw,alaw",
    "direct_media": "no",
    "allow_transfer": "no",
    "allow_subscribe": "no",
    "allow_overlap": "no",
    "send_connected_line": "no",
    "trust_id_inbound": "no",
}
_KEEPS_TRYING: Final[Mapping[str, str]] = {
    "expiration": "300",
    "retry_interval": "30",
    "forbidden_retry_interval": "60",
    "auth_rejection_permanent": "no",
    "max_retries": "1000000",
    "max_random_initial_delay": "1",
}


@dataclass(frozen=True, slots=True)
class SipObject:
    """An object of res_pjsip. Its fields may hold what a secret is known by."""

    kind: str
    fields: Mapping[str, str] = field(repr=False)


def phone(one: Phone, number: str, name: str) -> Sequence[SipObject]:
    """The objects of a phone, in the order in which they are pushed; `number` and `name` are what others see."""
    kind = _WEB if one.kind == "web" else _DESK
    shown = f'"{_clean(name)}" <{number}>'
    return _marked(
        _auth(one.name, one.digest),
        SipObject("aor", _REGISTERS),
        SipObject("endpoint", {**_PHONE, **kind, "auth": one.name, "aors": one.name, "callerid": shown}),
    )


def trunk(one: Trunk) -> Sequence[SipObject]:
    """The objects of a trunk. One that nobody comes from by an address is for calls that leave."""
    its = one.endpoint
    at = f"[{one.host}]" if ":" in one.host else one.host
    objects = [
        _auth(one.user or its, one.digest or _NOTHING, one.realm),
        SipObject("aor", {"contact": f"sip:{at}:{one.port}"}),
    ]
    if one.match:
        objects.append(SipObject("identify", {"endpoint": its, "match": ",".join(one.match)}))
    if one.register:
        whither = {"server_uri": f"sip:{at}:{one.port}", "client_uri": f"sip:{one.user}@{at}:{one.port}"}
        its_own = {"contact_user": one.user, "outbound_auth": its}
        objects.append(SipObject("registration", {**_KEEPS_TRYING, **whither, **its_own}))
    answers = {"outbound_auth": its if one.user else ""}
    return _marked(*objects, SipObject("endpoint", {**_TRUNK, **answers, "aors": its}))


def _auth(user: str, digest: str, realm: str = "") -> SipObject:
    known = {"auth_type": "digest", "username": user, "password_digest": f"MD5:{digest}", "realm": realm}
    return SipObject("auth", {**known, OWNER[0]: OWNER[1]})


def probes() -> Sequence[SipObject]:
    """One of each kind, to see whether Asterisk takes it; they let nobody in (192.0.2.1 is of RFC 5737)."""
    return (
        _auth("cti-doctor", _NOTHING),
        SipObject("aor", {"max_contacts": "1"}),
        SipObject("endpoint", {**_TRUNK, "allow": "ulaw"}),
        SipObject("identify", {"endpoint": "cti-doctor", "match": "192.0.2.1"}),
        SipObject("registration", {"server_uri": "sip:192.0.2.1", "client_uri": "sip:192.0.2.1", **_KEEPS_TRYING}),
    )


def mark_of(objects: Sequence[SipObject]) -> str:
    return objects[-1].fields[MARK]


def _marked(*objects: SipObject) -> Sequence[SipObject]:
    """The same, the last of them with a mark of them all: where it is seen, the others are there."""
    words = json.dumps([[one.kind, sorted(one.fields.items())] for one in objects])
    last = objects[-1]
    mark = "cti-" + hashlib.sha256(words.encode()).hexdigest()[:32]
    return (*objects[:-1], SipObject(last.kind, {**last.fields, MARK: mark}))


def _clean(name: str) -> str:
    """A name as a display takes it, without a sign that could end it."""
    return "".join(one for one in name if one.isprintable() and one not in _NOT_SHOWN)[:60].strip()

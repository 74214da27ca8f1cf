"""AMI message -> event. Asterisk's words stop here, and no meaning is decided yet; a message and a time are enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Final

from adapters.asterisk.numbers import written
from adapters.asterisk.wire import Message, unescape
from cti import events as ev
from cti.control import events as ce
from cti.ids import CallId, DeviceName, Instant, LegId, QueueName

_DEVICE: Final = re.compile(r"^PJSIP/(.+?)(?:-[0-9a-f]{8})?$")
ORDER: Final = re.compile(r"(?:rec_)?to_(\d{1,6})_\d+_([A-Za-z0-9-]+)")
"""The extension of a caller on the way to an agent, or with one: which offer, how long it may ring, which phone."""
DELIVERY: Final = "cti-want"
"""Where a caller is sent to reach an agent's phone: `DELIVERED`, which is what the core knows, by its other name."""
DELIVERED: Final = "cti-deliver"
DELIVERIES: Final = frozenset({DELIVERY, DELIVERED})
_UNKNOWN: Final = "<unknown>"
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)

WANTED: Final = frozenset(
    {
        b"UserEvent",
        b"DialBegin",
        b"DialState",
        b"DialEnd",
        b"BridgeEnter",
        b"Hold",
        b"Unhold",
        b"Hangup",
        b"DeviceStateChange",
        b"OriginateResponse",
    }
)
"""The events that mean something to us; everything else is counted and dropped unread."""


def device_of(channel: str) -> DeviceName | None:
    """The PJSIP endpoint of a channel or device name: `PJSIP/1001-0000000a` and `PJSIP/1001` are 1001."""
    found = _DEVICE.match(channel)
    return None if found is None else DeviceName(found[1])


def person(name: str) -> str:
    """A caller's name as the caller wrote it. Asterisk escapes it and says <unknown> for none; below that it still has
    the backslashes of SIP's quoted strings (RFC 3261, 25.1), which Asterisk leaves in."""
    if "\\" not in name:
        return "" if name == _UNKNOWN else name
    return _QUOTED_PAIR.sub(r"\1", unescape(name))


def whole(text: str, default: int = 0) -> int:
    try:
        return int(text)
    except ValueError:
        return default


def instant(seconds: str, offset: int = 0) -> Instant:
    """Asterisk's epoch seconds as an instant of ours; `offset` milliseconds is our clock less Asterisk's.

    Raises `ValueError` for what is no number of seconds.
    """
    at = float(seconds or 0)
    if not isfinite(at):
        raise ValueError(f"no time: {at}")
    return Instant(round(at * 1000) + offset)


def _caller_waiting(m: Message, at: Instant, offset: int) -> ev.Event:
    said = m.headers
    return ev.CallerWaiting(
        at=at,
        call=CallId(said["Call"]),
        leg=LegId(said["Uniqueid"]),
        channel=said["Channel"],
        linkedid=said["Linkedid"],
        queue=QueueName(said["Queue"]),
        number=written(said["CallerIDNum"]),
        name=person(said["CallerIDName"]),
        dialled=said["Dialled"],
        since=min(instant(said["Since"], offset), at),
        priority=whole(said.get("Rank", "")),
        screened=said.get("Screen") == "yes",
    )


def _offer_ended(m: Message, at: Instant, _: int) -> ev.Event:
    return ev.DeliveryEnded(
        at=at, call=CallId(m["Call"]), n=whole(m["Offer"]), status=m["Status"], cause=whole(m.get("Cause"))
    )


def _fell_back(m: Message, at: Instant, _: int) -> ev.Event:
    return ev.FallbackSeen(at=at, call=CallId(m["Call"]))


def _recording_began(m: Message, at: Instant, _: int) -> ev.Event:
    return ev.RecordingBegan(at=at, call=CallId(m["Call"]), name=m["Name"], side=m["Side"])


def _dial_over(m: Message, at: Instant, _: int) -> ev.Event:
    return ce.DialEnded(at=at, leg=LegId(m["Leg"]), status=m["Status"], cause=whole(m.get("Cause")))


_OURS: Final[Mapping[str, Callable[[Message, Instant, int], ev.Event]]] = {
    "CtiWaiting": _caller_waiting,
    "CtiOfferEnded": _offer_ended,
    "CtiFallback": _fell_back,
    "CtiDialEnded": _dial_over,
    "CtiRecording": _recording_began,
}


def _user(m: Message, at: Instant, offset: int) -> ev.Event | None:
    make = _OURS.get(m.get("UserEvent"))
    return None if make is None else make(m, at, offset)


def _dial_begin(m: Message, at: Instant, _: int) -> ev.Event | None:
    device = device_of(m["DestChannel"])
    if device is None:
        return None
    if "Uniqueid" not in m:  # an originated leg has no caller
        return ce.LegInvited(at=at, leg=LegId(m["DestUniqueid"]), channel=m["DestChannel"])
    order = ORDER.fullmatch(m.get("Exten")) if m.get("Context") in DELIVERIES else None
    return ev.LegDialled(
        at=at,
        leg=LegId(m["Uniqueid"]),
        dialled=LegId(m["DestUniqueid"]),
        channel=m["DestChannel"],
        device=device,
        n=int(order[1]) if order is not None else 0,
    )


def _dial_state(m: Message, at: Instant, _: int) -> ev.Event | None:
    return ev.LegRinging(at=at, leg=LegId(m["DestUniqueid"])) if m["DialStatus"] == "RINGING" else None


_NOT_REACHED: Final = {"BUSY": "busy", "NOANSWER": "no_answer", "CANCEL": "no_answer", "CONGESTION": "rejected"}


def _dial_end(m: Message, at: Instant, _: int) -> ev.Event | None:
    leg, status = LegId(m["DestUniqueid"]), m["DialStatus"]
    if status == "ANSWER":
        return ev.LegAnswered(at=at, leg=leg)
    if "Uniqueid" in m:
        return None  # what a dialled leg's end means is told by who dialled it
    return ce.LegNotReached(at=at, leg=leg, why=_NOT_REACHED.get(status, "unreachable"))


def _originated(m: Message, at: Instant, _: int) -> ev.Event | None:
    """Its leg's id is the last field of its extension: there may be no channel to name."""
    if m["Response"] != "Failure":
        return None
    return ce.InviteFailed(at=at, leg=LegId(m.get("Exten").rpartition("_")[2]))


def _device(m: Message, at: Instant, _: int) -> ev.Event | None:
    device = device_of(m["Device"])
    return None if device is None else ev.DeviceChanged(at=at, device=device, state=m["State"])


_EVENTS: Final[Mapping[str, Callable[[Message, Instant, int], ev.Event | None]]] = {
    "UserEvent": _user,
    "DialBegin": _dial_begin,
    "DialState": _dial_state,
    "DialEnd": _dial_end,
    "BridgeEnter": lambda m, at, _: ev.LegJoined(at=at, leg=LegId(m["Uniqueid"]), bridge=m["BridgeUniqueid"]),
    "Hold": lambda m, at, _: ev.LegHeld(at=at, leg=LegId(m["Uniqueid"])),
    "Unhold": lambda m, at, _: ev.LegRetrieved(at=at, leg=LegId(m["Uniqueid"])),
    "Hangup": lambda m, at, _: ev.LegEnded(at=at, leg=LegId(m["Uniqueid"]), cause=whole(m.get("Cause"))),
    "DeviceStateChange": _device,
    "OriginateResponse": _originated,
}


def decode(message: Message, at: Instant, offset: int = 0) -> ev.Event | None:
    """The event a message means, or None for one that means nothing here.

    Raises `KeyError` for a message that lacks what it must have, `ValueError` for one whose numbers are none.
    """
    make = _EVENTS.get(message.name)
    return None if make is None else make(message, at, offset)


def tenant_of(message: Message) -> str | None:
    """The tenant one of our own dialplan's events names; None for events of Asterisk's own."""
    return message.get("Tenant") or None if message.name == "UserEvent" else None

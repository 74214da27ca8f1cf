"""What is up in Asterisk right now, asked on start, after every reconnect and when something is odd."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Final
from urllib.parse import unquote

from adapters.asterisk.decode import DELIVERED, DELIVERIES, ORDER, device_of, instant, person, whole
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import BadValue, Rejected
from adapters.asterisk.numbers import written
from adapters.asterisk.session import AmiSession
from adapters.asterisk.wire import Message, unescape
from cti import events as ev
from cti.ids import CallId, DeviceName, Instant, LegId, QueueName

log = logging.getLogger(__name__)

VARIABLES: Final = (
    "CTI_TENANT",
    "CTI_CALLID",
    "CTI_QUEUE",
    "CTI_SINCE",
    "CTI_PRIORITY",
    "CTI_DIALLED",
    "CTI_SCREEN",
    "CTI_RECORDING",
)

SPOTS: Final = ("cti-room", "cti-spy")
"""Contexts whose extensions begin with two fields that say where exactly a leg is; an invited leg's own id follows."""

DIALLED: Final = "cti-dialled"
"""The family of AstDB for callbacks whose customer has been dialled."""
_MARK: Final = re.compile(r"[0-9A-Za-z.-]{1,64}")

DEADLINE: Final = 10.0
LAST_WORDS_KEPT_MS: Final = 24 * 3600 * 1000

Unknown = Callable[[str, Collection[CallId]], Awaitable[Collection[CallId]]]


async def take_snapshot(
    bulk: AmiSession,
    now: Callable[[], Instant],
    offset: int,
    open_calls: Collection[CallId],
    unknown: Unknown,
    booted_at: Instant,
) -> list[tuple[str, ev.SnapshotTaken]]:
    """Ask what is up; one event per tenant found, and one under "" with the devices for tenants without a channel.

    `unknown` says which of some calls of a tenant nobody has on record; those came and went while we were away.
    Raises a LinkFailure when the link does not last.
    """
    channels = await bulk.ask_list(Action("Status", (("Variables", ",".join(VARIABLES)),)), DEADLINE)
    devices = await bulk.ask_list(Action("DeviceStateList"), DEADLINE)
    try:
        rows = await bulk.ask_list(Action("DBGetTree", (("Family", "cti-ended"),)), DEADLINE)
    except Rejected:
        rows = []  # nobody has ended yet: Asterisk calls an empty family an error
    dialled = await marked_as_dialled(bulk)
    at = now()
    words = list(last_words(rows, offset, at))
    fresh: set[CallId] = set()
    for tenant in {tenant for tenant, _ in words}:
        closed = [one.call for name, one in words if name == tenant and one.call not in open_calls]
        fresh.update(await unknown(tenant, closed))
    states = {device: m["State"] for m in devices if (device := device_of(m["Device"])) is not None}
    found: dict[str, list[ev.LegSeen]] = {"": []}
    for message in channels:
        try:
            tenant, seen = _leg(message, offset)
        except (KeyError, ValueError) as odd:
            log.warning("an odd channel in a snapshot: %r", odd)
            continue
        found.setdefault(tenant, []).append(seen)
    wanted = [(tenant, one) for tenant, one in words if one.call in open_calls or one.call in fresh]
    for tenant, _ in wanted:
        found.setdefault(tenant, [])
    return [
        (
            tenant,
            ev.SnapshotTaken(
                at=at,
                legs=tuple(legs),
                devices=states,
                last_words=tuple(one for t, one in wanted if t == tenant),
                dialled=dialled,
                booted_at=booted_at,
            ),
        )
        for tenant, legs in found.items()
    ]


async def marked_as_dialled(bulk: AmiSession) -> frozenset[CallId]:
    """Callbacks whose customer has been dialled, by the marks that the dialplan sets before; not yet forgotten ones."""
    try:
        marks = await bulk.ask_list(Action("DBGetTree", (("Family", DIALLED),)), DEADLINE)
    except Rejected:
        return frozenset()
    return frozenset(CallId(mark.get("Key").rpartition("/")[2]) for mark in marks)


def forget_dialled(call: CallId) -> Action:
    """Take a mark away. The function is one that AMI may write to, with no right but `call`."""
    if not _MARK.fullmatch(call):
        raise BadValue("Setvar", "a call that could be more than one field")
    return Action("Setvar", (("Variable", f"DB_DELETE({DIALLED}/{call})"), ("Value", "-")))


def _leg(m: Message, offset: int) -> tuple[str, ev.LegSeen]:
    pairs = (pair.partition("=")[::2] for pair in m.all("Variable"))
    mine = {name: value for name, value in pairs if value != "(null)"}  # Asterisk's word for a variable not set
    since = mine.get("CTI_SINCE") or ""
    place = DELIVERED if m.get("Context") in DELIVERIES else m.get("Context")
    order = ORDER.fullmatch(m.get("Exten")) if place == DELIVERED else None
    return mine.get("CTI_TENANT", ""), ev.LegSeen(
        leg=LegId(m["Uniqueid"]),
        channel=m["Channel"],
        linkedid=m.get("Linkedid"),
        place=place,
        state=m.get("ChannelStateDesc"),
        bridge=m.get("BridgeID"),
        device=device_of(m["Channel"]),
        number=written(m.get("CallerIDNum")),
        name=person(m.get("CallerIDName")),
        seconds=whole(m.get("Seconds")),
        call=CallId(mine["CTI_CALLID"]) if mine.get("CTI_CALLID") else None,
        queue=QueueName(mine["CTI_QUEUE"]) if mine.get("CTI_QUEUE") else None,
        since=instant(since, offset) if since else None,
        priority=whole(mine.get("CTI_PRIORITY", "")),
        dialled=mine.get("CTI_DIALLED", ""),
        offer_n=int(order[1]) if order is not None else 0,
        offer_device=DeviceName(order[2]) if order is not None else None,
        screened=mine.get("CTI_SCREEN") == "yes",
        recording=mine.get("CTI_RECORDING", ""),
        spot=_spot(m.get("Exten")) if place in SPOTS else "",
    )


def _spot(exten: str) -> str:
    """Without the id of an invited leg, which comes last."""
    first, *more = exten.split("_")
    return first if first == "spare" else "_".join((first, *more[:1]))


def last_words(rows: Iterable[Message], offset: int, at: Instant) -> Iterable[tuple[str, ev.LastWords]]:
    """What hang-up handlers wrote, by tenant; what is old or garbled is passed over."""
    for row in rows:
        fields = unescape(row.get("Val")).split("|")
        try:
            call, tenant, queue, since, ended, answered, device, cause, number, dialled, *rest = fields
            spoken = ev.LastWords(
                call=CallId(call),
                queue=QueueName(queue),
                since=instant(since, offset),
                ended_at=instant(ended, offset),
                talked=whole(answered),
                device=DeviceName(device) if device else None,
                cause=whole(cause),
                number=written(unquote(number)),
                dialled=dialled,
                fell_back=rest[:1] == ["fallback"],
            )
        except ValueError:
            continue
        if at - spoken.ended_at < LAST_WORDS_KEPT_MS:
            yield tenant, spoken

"""Orders of call control as AMI actions: where a leg shall stand becomes an extension of `dialplans/cti-control.conf`.

Legs are found by their unique ids as well as by their names, and what is dialled has been allowed before it comes here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from adapters.asterisk.encode import Action, encode_variable
from adapters.asterisk.failures import LinkFailure
from adapters.asterisk.recording import PREFIX
from adapters.asterisk.redirects import Redirects, Step
from adapters.asterisk.wire import Message
from cti.control.dialling import SITE
from cti.control.effects import Invite, Move, Mute, PlayTo, SendDigits, Spot
from cti.control.events import LegNotReached, OrderFailed
from cti.effects import Effect
from cti.events import Event
from cti.ids import CallId, Instant, TenantId

log = logging.getLogger(__name__)

Send = Callable[..., None]
Sounds = Callable[[str, Collection[str], str], list[str]]

DIGIT_MS: Final = 120
_PLAIN: Final = re.compile(r"[A-Za-z0-9.+-]*")
_SHOWN: Final = re.compile(r"[A-Za-z0-9.+*-]*")  # with the stars of a number that is masked
_TRUNK: Final = re.compile(r"[A-Za-z0-9-]*")
_CALLED: Final = re.compile(r"PJSIP/[A-Za-z0-9_.-]+(@[A-Za-z0-9-]+)?")
_SOUND: Final = re.compile(r"[A-Za-z0-9/_.-]+")

FIXED: Final[Mapping[str, tuple[str, str]]] = {
    "alone": ("cti-alone", "s"),
    "after": ("cti-after", "s"),
    "spare": ("cti-spy", "spare"),
}


OUTSIDE: Final = ("ask_number", "call_number", "out")
"""Places from which the outside world is dialled."""


def step_of(spot: Spot) -> tuple[str, str]:
    """The context and the extension of a place."""
    kind, word = spot.kind, spot.word or spot.number or ""
    if (spot.number is None) == (kind in OUTSIDE):
        raise ValueError(f"a {kind} without a number, or a number without a place for it")
    if not all(_PLAIN.fullmatch(one) for one in (word, spot.caller_id)) or not _TRUNK.fullmatch(spot.trunk):
        raise ValueError(f"a {kind} that could be more than one field")
    match kind:
        case "room":
            return "cti-room", f"{'m' if spot.marked else 'u'}_{word}"
        case "aside":
            return "cti-room", f"{'m' if spot.marked else 'u'}_{word}-2"
        case "hold":
            return "cti-hold", word
        case "listen" | "whisper":
            return "cti-spy", f"{kind}_{word}"
        case "ask_device":
            return "cti-consult", f"dev_{spot.seconds}_{spot.caller_id}_{word}"
        case "ask_number":
            return "cti-consult", _outside(spot)
        case "call_device":
            return "cti-call", f"dev_{spot.seconds}_{spot.caller_id}_{word}"
        case "call_number":
            return "cti-call", _outside(spot)
        case "out":
            return "cti-out", _outside(spot)
    return FIXED[kind]


def _outside(spot: Spot) -> str:
    """A number, by the dialplan's own trunk or by another; one that the phone it is dialled from may show, or not."""
    fields = f"{spot.seconds}_{spot.caller_id}_{spot.number}"
    if spot.trunk in ("", SITE):
        return f"{'hid' if spot.hidden else 'num'}_{fields}"
    return f"{'hiv' if spot.hidden else 'via'}_{fields}_{spot.trunk}"


def steps_of(order: Move) -> list[Step]:
    steps = [Step(order.leg, *step_of(order.spot))]
    if order.other_spot is not None:
        steps.append(Step(order.other, *step_of(order.other_spot)))
    return steps


def originate(order: Invite, announcement: str = "") -> Action:
    """The leg's id stands in the extension too: where no channel came to be, the answer has nothing else of ours."""
    context, exten = step_of(order.spot)
    if order.record:
        exten = PREFIX + exten
    to = f"PJSIP/{order.number}@{order.trunk or SITE}" if order.number is not None else f"PJSIP/{order.device}"
    number, name = order.shown
    if not _SHOWN.fullmatch(number) or '"' in name or not _CALLED.fullmatch(to):
        raise ValueError("a number or a phone that could be more than one field")
    headers = [
        ("Channel", to),
        ("Context", context),
        ("Exten", f"{exten}_{order.leg}"),
        ("Priority", "1"),
        ("Timeout", str(order.seconds * 1000)),
        ("CallerID", f'"{name}" <{number}>'),
        ("Async", "true"),
        ("ChannelId", order.leg),
        ("Variable", encode_variable("__CTI_CALLID", order.call)),
        ("Variable", encode_variable("__CTI_TENANT", order.tenant)),
    ]
    if order.number is None:  # nothing of ours is told to the outside world
        headers.append(("Variable", f"PJSIP_HEADER(add,X-Cti-Call)={order.call}"))
    if announcement:  # the one underscore hands it down to the leg that is dialled from this one
        if not all(_SOUND.fullmatch(one) and ".." not in one for one in announcement.split("&")):
            raise ValueError("an announcement that could be more than one field")
        headers.append(("Variable", f"_CTI_RECORD_SAY={announcement}"))
    if order.at_once and order.number is None:
        headers.append(("Variable", r"PJSIP_HEADER(add,Call-Info)=<sip:cti.invalid>\;answer-after=0"))
    return Action("Originate", headers)


def say_to(leg: str, sound: str, call: CallId, tenant: TenantId) -> Action:
    """One half plays the prompt, the other whispers it to the leg."""
    if not _PLAIN.fullmatch(leg) or not _SOUND.fullmatch(sound) or ".." in sound:
        raise ValueError("a leg or a prompt that could be more than one field")
    return Action(
        "Originate",
        (
            ("Channel", f"Local/to_{leg}@cti-play/n"),
            ("Context", "cti-play"),
            ("Exten", "say"),
            ("Priority", "1"),
            ("Timeout", "5000"),
            ("Async", "true"),
            ("Variable", f"CTI_SOUND={sound}"),
            ("Variable", encode_variable("__CTI_CALLID", call)),
            ("Variable", encode_variable("__CTI_TENANT", tenant)),
        ),
    )


class Control:
    """Carries the orders out; `slow` is for those that hold a session up."""

    def __init__(
        self,
        send: Send,
        redirects: Redirects,
        slow: Send,
        sounds: Sounds,
        now: Callable[[], Instant],
        post: Callable[[Event, TenantId | None], None],
    ) -> None:
        self._send, self._redirects, self._slow = send, redirects, slow
        self._sounds, self._now, self._post = sounds, now, post
        self.orders: Final[Mapping[type[Effect], Callable[[TenantId, Any], None]]] = {
            Move: self._move,
            Invite: self._invite,
            Mute: self._mute,
            SendDigits: self._send_digits,
            PlayTo: self._play,
        }

    def _move(self, tenant: TenantId, order: Move) -> None:
        def told(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure):
                self._post(OrderFailed(at=self._now(), call=order.call, why=str(outcome)), tenant)

        self._redirects.go(order.call, *steps_of(order), done=told)

    def _invite(self, tenant: TenantId, order: Invite) -> None:
        def told(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure) and not outcome.maybe_done:
                self._post(LegNotReached(at=self._now(), leg=order.leg, why="unreachable"), tenant)
            elif isinstance(outcome, LinkFailure):
                self._post(OrderFailed(at=self._now(), call=order.call, why=str(outcome)), tenant)

        said = "&".join(self._sounds(tenant, (order.announcement,), order.language)) if order.announcement else ""
        if order.announcement and not said:
            log.error("there is no prompt %s to announce recordings with", order.announcement)
        self._send(originate(order, said), told)

    def _mute(self, _: TenantId, order: Mute) -> None:
        headers = (("Channel", order.leg), ("Variable", "MUTEAUDIO(in)"), ("Value", "on" if order.muted else "off"))
        self._send(Action("Setvar", headers))

    def _send_digits(self, _: TenantId, order: SendDigits) -> None:
        """Asterisk holds a session up while a digit sounds."""
        for digit in order.digits:
            headers = (("Channel", order.leg), ("Digit", digit), ("Duration", str(DIGIT_MS)))
            self._slow(Action("PlayDTMF", headers))

    def _play(self, tenant: TenantId, order: PlayTo) -> None:
        for sound in self._sounds(tenant, (order.prompt,), order.language):
            self._send(say_to(order.leg, sound, order.call, tenant))

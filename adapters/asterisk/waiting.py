"""What is done for callers who wait: something is said to them, they go to another queue, or out of the waiting room.

Values that the dialplan reads are set on the channel before the Redirect; one session keeps their order.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure
from adapters.asterisk.redirects import Done, Redirects, Step
from adapters.asterisk.wire import Message
from cti.control.dialling import SITE
from cti.control.events import OrderFailed
from cti.effects import Announce, Deliver, Effect, SendOn, SetMusic, WaitIn
from cti.events import Event, SendOnFailed
from cti.ids import CallId, Instant, TenantId
from cti.personal import OTHERWISE
from cti.targets import OVERFLOWS, target

log = logging.getLogger(__name__)

Sounds = Callable[[str, Collection[str], str], list[str]]
"""Tenant, names of prompts, language -> files that Asterisk can play; those that do not exist are left out."""
Joined = Callable[[Sequence[str]], str]
"""Several such files in one. Raises `OSError`, `ValueError`."""
Send = Callable[..., None]

SECONDS_TO_ANSWER: Final = "45"
VALUE_MOST: Final = 900
"""Asterisk takes lines of AMI up to 1,024 bytes; what would be longer loses its end."""
MOST_REMEMBERED: Final = 10_000
_NOT_SHOWN: Final = re.compile(r"[^\w +*-]")  # whatever could end the option, or begin another


class WaitingOrders:
    def __init__(
        self,
        send: Send,
        redirects: Redirects,
        sounds: Sounds,
        joined: Joined,
        now: Callable[[], Instant],
        post: Callable[[Event, TenantId | None], None],
    ) -> None:
        self._send, self._redirects, self._now, self._post = send, redirects, now, post
        self._sounds, self._joined = sounds, joined
        self._dialled: dict[str, None] = {}  # channels that have a CTI_DIAL, perhaps of an offer before
        self.orders: Final[Mapping[type[Effect], Callable[[TenantId, Any], None]]] = {
            Announce: self._announce,
            SendOn: self._send_on,
            WaitIn: self._wait_in,
            SetMusic: self._set_music,
        }

    def before_ringing(self, tenant: TenantId, order: Deliver) -> None:
        """What each side is to hear before they are joined, whom the phone shows, and whether the caller is asked
        afterwards."""
        said = self._one_of(order.call, self._sounds(tenant, order.say, order.language))
        whispered = self._one_of(order.call, self._sounds(tenant, order.whisper, order.language))
        options = f"A({whispered}:{said})" if said else f"A({whispered})" if whispered else ""
        shown = "" if order.shown is None else shown_as(*order.shown)
        if len(options) + len(shown) > VALUE_MOST:
            log.error("call %s: too much is to be said at the join: %d signs", order.call, len(options))
            options = ""  # half an option would fail the call, or show a number that may not be seen
        options += shown
        if options or order.channel in self._dialled:
            self._set(order.channel, "CTI_DIAL", options)
            self._dialled[order.channel] = None
        if len(self._dialled) > MOST_REMEMBERED:
            del self._dialled[next(iter(self._dialled))]
        if order.survey:
            self._set(order.channel, "CTI_SURVEY", order.survey)
        if order.queue:
            self._set(order.channel, "CTI_QUEUE", order.queue)

    def _one_of(self, call: CallId, files: Sequence[str]) -> str:
        """Dial plays one file to each side; without it they are joined at once."""
        try:
            return self._joined(files) if files else ""
        except (OSError, ValueError) as wrong:
            log.error("call %s: nothing is said at the join: %s", call, wrong)
            return ""

    def _announce(self, tenant: TenantId, order: Announce) -> None:
        files = self._sounds(tenant, order.prompts, order.language)
        while len("&".join(files)) > VALUE_MOST:
            files.pop()
        if files:
            self._set(order.channel, "CTI_SAY", "&".join(files))
            step = Step(order.channel, "cti-wait", "say")
            self._redirects.go(order.call, step, done=unsaid)

    def _wait_in(self, tenant: TenantId, order: WaitIn) -> None:
        self._set(order.channel, "CTI_QUEUE", order.queue)
        step = Step(order.channel, "cti-wait", "over", "music")
        self._redirects.go(order.call, step, done=self.told(tenant, order.call))

    def told(self, tenant: TenantId, call: CallId) -> Done:
        """What hears of an order for that call; one that came to nothing makes somebody look."""

        def heard(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure):
                self._post(OrderFailed(at=self._now(), call=call, why=str(outcome)), tenant)

        return heard

    def _set_music(self, _: TenantId, order: SetMusic) -> None:
        self._send(Action("Setvar", (("Variable", f"CTI_MUSIC_{order.queue}"), ("Value", order.music))))

    def _send_on(self, tenant: TenantId, order: SendOn) -> None:
        def told(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure):
                self._post(SendOnFailed(at=self._now(), call=order.call, why=str(outcome)), tenant)

        way, values = _way(order)
        for name, value in values.items():
            self._set(order.channel, name, value)
        self._redirects.go(order.call, Step(order.channel, *way), done=told)

    def _set(self, channel: str, name: str, value: str) -> None:
        self._send(Action("Setvar", (("Channel", channel), ("Variable", name), ("Value", value))))


def unsaid(outcome: Message | LinkFailure) -> None:
    """The caller heard music instead of words, or has just left."""
    if isinstance(outcome, LinkFailure):
        log.info("an announcement was not made: %s", outcome)


def _way(order: SendOn) -> tuple[tuple[str, str], dict[str, str]]:
    """Where in the dialplan a target is, and what it wants to know."""
    where = target(order.target, OVERFLOWS)
    match where.kind:
        case "number":
            if order.number is None:
                raise ValueError("a number that nobody has allowed")
            seconds = {"CTI_ARG": order.number, "CTI_SECONDS": SECONDS_TO_ANSWER}
            how = {"CTI_SHOWN": order.shown, "CTI_TRUNK": order.trunk or SITE, "CTI_ELSE": OTHERWISE}
            return ("cti-go", "number"), {**seconds, **how}
        case "queue":
            return ("cti-join", where.name), {}
        case "hangup":
            return ("cti-go", "hangup"), {}
        case _:
            return ("cti-entry", "again"), {"CTI_ARG": str(where), "CTI_ELSE": ""}


def shown_as(number: str, name: str) -> str:
    """Dial's option that puts another caller on the phone: what may be shown instead of the number."""
    return f'f("{_NOT_SHOWN.sub("", name)[:40]}" <{_NOT_SHOWN.sub("", number)[:40]}>)'

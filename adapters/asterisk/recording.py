"""What recordings want of Asterisk: to begin with the delivery of a call, and to fall silent and speak again.

The dialplan begins them, so that no login of ours needs the class `system`; muting needs `call`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure
from adapters.asterisk.waiting import Send, Sounds
from adapters.asterisk.wire import Message
from cti.effects import Deliver, Effect, MuteRecording
from cti.events import Event, RecordingMuted
from cti.ids import Instant, TenantId

log = logging.getLogger(__name__)

PREFIX: Final = "rec_"
"""Before the extension of a delivery: begin to record the caller first."""


class RecordingOrders:
    def __init__(
        self, send: Send, sounds: Sounds, now: Callable[[], Instant], post: Callable[[Event, TenantId | None], None]
    ) -> None:
        self._send = send
        self._sounds = sounds
        self._now = now
        self._post = post
        self.orders: Final[Mapping[type[Effect], Callable[[TenantId, Any], None]]] = {MuteRecording: self._mute}

    def before_ringing(self, tenant: TenantId, order: Deliver) -> str:
        """What comes before the extension of this delivery; its announcement is set on the caller's channel first."""
        if not order.record:
            return ""
        if order.announcement:
            files = "&".join(self._sounds(tenant, (order.announcement,), order.language))
            if not files:
                log.error("there is no prompt %s to announce recordings with", order.announcement)
            said = (("Channel", order.channel), ("Variable", "CTI_RECORD_SAY"), ("Value", files))
            self._send(Action("Setvar", said))
        return PREFIX

    def _mute(self, tenant: TenantId, order: MuteRecording) -> None:
        state = "0" if order.state == "on" else "1"
        headers = (("Channel", order.channel), ("Direction", "both"), ("State", state))

        def told(outcome: Message | LinkFailure) -> None:
            trouble = str(outcome) if isinstance(outcome, LinkFailure) else ""
            self._post(RecordingMuted(at=self._now(), call=order.call, state=order.state, trouble=trouble), tenant)

        self._send(Action("MixMonitorMute", headers), told)

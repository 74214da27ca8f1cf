"""Making a desk phone answer: a SIP NOTIFY with `Event: talk`, which phones take for a press of their own answer key.

`PJSIPNotify` is of AMI's class `system`, which can do far more. So it has a login of its own, which nobody has
unless an operator makes one, and the link to Asterisk does without.
"""

from __future__ import annotations

import logging
from typing import Final

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure
from adapters.asterisk.session import AmiSession
from adapters.asterisk.wire import Message
from cti.control.effects import PressAnswer
from cti.ids import TenantId

log = logging.getLogger(__name__)

SECONDS: Final = 1.0


class Talk:
    """The session, where there is a user for it, and the one thing it is for."""

    def __init__(self, host: str, port: int, user: str, secret: str) -> None:
        self._session: Final = (
            AmiSession(host=host, port=port, username=user, secret=secret, name="system", events=False)
            if user
            else None
        )

    @property
    def up(self) -> bool:
        return self._session is not None and self._session.up

    async def run(self) -> None:
        """Stay logged in until `close()`; without a user there is nothing to do."""
        if self._session is not None:
            await self._session.run()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def press(self, _: TenantId, order: PressAnswer) -> None:
        """Tell a phone to answer; that it has is told by Asterisk as ever."""

        def told(outcome: Message | LinkFailure) -> None:
            if isinstance(outcome, LinkFailure):
                log.warning("call %s: the phone %s could not be made to answer: %s", order.call, order.device, outcome)

        # To the endpoint: with the channel of a leg that rings, Asterisk takes the action and sends nothing.
        if self._session is not None:
            headers = (("Endpoint", order.device), ("Variable", "Event=talk"))
            self._session.send_nowait(Action("PJSIPNotify", headers), told, SECONDS)

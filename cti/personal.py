"""The queue of one agent: whoever is sent to an agent waits there, is offered like everybody else, and not for long."""

from __future__ import annotations

from typing import Final

from cti.ids import AgentNo, QueueName
from cti.records import Call, QueueSettings, SegmentKind

PREFIX: Final = "agent-"
RING_SECONDS: Final = 20
PATIENCE_SECONDS: Final = 45
OTHERWISE: Final = "flow:otherwise"
"""Where such a caller goes when the agent does not answer: on in the flow they come from, if it says how."""


def personal(agent: AgentNo) -> QueueName:
    return QueueName(f"{PREFIX}{agent}")


def owner(queue: QueueName) -> AgentNo | None:
    """Whose queue this is; None for a queue of a group."""
    return AgentNo(queue.removeprefix(PREFIX)) if queue.startswith(PREFIX) else None


def settings_of(queue: QueueName) -> QueueSettings:
    return QueueSettings(
        name=queue,
        strategy="longest_idle",
        ring_seconds=RING_SECONDS,
        max_wait_seconds=PATIENCE_SECONDS,
        max_wait_target=OTHERWISE,
        no_agents="ready",
        no_agents_target=OTHERWISE,
    )


def patience(settings: QueueSettings, call: Call) -> int:
    """Seconds that this caller waits in a queue at most; a flow says how long an agent of their own is waited for."""
    asked = call.journey.patience if owner(settings.name) is not None else 0
    return asked or settings.max_wait_seconds


def ring_seconds(settings: QueueSettings, call: Call) -> int:
    """How long a phone rings for this caller."""
    asked = call.journey.patience if owner(settings.name) is not None else 0
    return asked or settings.ring_seconds


def sender(call: Call) -> QueueName | None:
    """The queue whose rule has sent the caller to an agent or a number that did not answer; None when none has."""
    sent = [one for one in call.journey.sent if one != OTHERWISE]
    if not sent or sent[-1].partition(":")[0] not in ("agent", "number"):
        return None
    waits = (one.queue for one in reversed(call.segments) if one.kind is SegmentKind.WAITING)
    return next((queue for queue in waits if queue and owner(queue) is None), None)

"""The queue of one agent: whoever is sent to an agent waits there, is offered like everybody else, and not for long."""

from __future__ import annotations

from typing import Final

from cti.ids import AgentNo, QueueName
from cti.records import QueueSettings

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
    )

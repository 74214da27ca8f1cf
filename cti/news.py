"""Published events, and which subscriptions one matches. Pure; knows nothing of sockets or frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cti.ids import AgentNo, CallId, Instant, QueueName


@dataclass(frozen=True, slots=True)
class Published:
    """An entry of a tenant's journal as clients may see it. `agents` are those it concerns; `data` never changes."""

    seq: int
    type: str
    at: Instant
    data: Mapping[str, object]
    call: CallId | None = None
    agents: frozenset[AgentNo] = frozenset()
    queue: QueueName | None = None


EVERYONE = "pbx"
"""The key of news that go to everybody, whatever they subscribed to."""


KEPT = "recording.kept"
RECORDINGS = "recordings:*"
"""The key of news that name a recording: part of `calls:*` for whoever may find every recording."""


def keys_of(news: Published) -> tuple[str, ...]:
    """The subscription keys this event matches: `agent:1001`, `me:1001`, `queue:sales`, `mine:1001`, `calls:*`...

    `calls:sales` is for teams that serve that queue.
    """
    kind = news.type.partition(".")[0]
    match kind:
        case "agent":
            mine = (key for no in news.agents for key in (f"me:{no}", f"agent:{no}"))
            return (*mine, "agent:*")
        case "screen_pop":
            return tuple(f"me:{no}" for no in news.agents)
        case "queue":
            return (f"queue:{news.queue}", "queue:*")
        case "call":
            own = tuple(f"mine:{no}" for no in news.agents)
            in_queue = (f"queue:{news.queue}", "queue:*") if news.type == "call.queued" else ()
            return (*own, "calls:*", f"calls:{news.queue}", *in_queue)
        case "supervision":
            mine = (f"me:{no}" for no in news.agents)
            return (*mine, "calls:*", f"calls:{news.queue}")
        case "voicemail":
            return (*(f"me:{no}" for no in news.agents), "calls:*")
        case "recording" if news.type == KEPT:
            return (RECORDINGS,)
        case "survey" | "recording":
            return ("calls:*", f"calls:{news.queue}")
        case "pbx":
            return (EVERYONE,)
    return ()

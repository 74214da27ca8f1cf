"""The figures of the event stream: how long it waits, how much it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, counts and bytes; the defaults are the contract."""

    hello: float = 5.0
    heartbeat: float = 15.0
    silence: float = 30.0  # from an unanswered ping to the cut
    linger: float = 5.0  # from a queued close to the dropped connection
    outbox_events: int = 1000
    outbox_bytes: int = 1 << 20
    bad_frames: int = 10
    bad_frames_window: float = 60.0
    connections: int = 20  # of one supervisor, admin or API key; an agent has one
    ring_events: int = 8192
    ring_bytes: int = 24 << 20
    journal_page: int = 100
    journal_deadline: float = 5.0
    sweep_after: float = 0.005  # seconds; both halves of a turn (cti/engine.py) go out together
    sweep_seconds: float = 0.001  # how long a round of writing may hold the loop
    topics: int = 500

"""What the event stream needs from the rest of the server, as protocols; it knows none of those who fill them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cti.audit import Audit
from cti.events import Event
from cti.ids import AgentNo, CallId, Instant, OfferId, QueueName, TenantId
from cti.masking import Firewall
from cti.news import Published
from cti.people import Principal

Shape = Mapping[str, object]


class Desk(Protocol):
    """What people may ask of one tenant's board. Each returns at once or raises `cti.errors.Refused`."""

    def status(
        self, agent: AgentNo, status: str, reason: str | None, device: str | None, by: str, forced: bool
    ) -> None: ...

    def finish_acw(self, agent: AgentNo) -> None: ...

    def hang_up(self, call: CallId, agent: AgentNo) -> None: ...

    def wish(self, make: Callable[[Instant], Event]) -> None: ...

    def supervise(self, call: CallId, who: Principal, permission: str, make: Callable[[Instant], Event]) -> None: ...

    def play(self, agent: AgentNo, call: CallId, prompt: str, side: str) -> None: ...

    def dial(self, agent: AgentNo, to: str, caller_id: str, recording: str = "") -> CallId: ...

    async def dispose(self, call: CallId, agent: AgentNo, code: str, note: str) -> None: ...

    async def correct(self, call: CallId, who: Principal, agent: AgentNo, code: str, note: str) -> None: ...

    def record(self, call: CallId, action: str, reach: Collection[AgentNo] | None, by: str) -> None: ...

    def shown(self, agent: AgentNo, offer: OfferId) -> None: ...

    def desktop_opened(self, agent: AgentNo) -> None: ...

    def desktop_closed(self, agent: AgentNo) -> None: ...


class BoardView(Protocol):
    """Read access to one tenant's live state; always as of the last published event."""

    @property
    def seq(self) -> int: ...

    @property
    def epoch(self) -> str: ...

    @property
    def link_up(self) -> bool: ...

    def agents(self) -> Sequence[Shape]: ...

    def agent(self, no: AgentNo) -> Shape | None: ...

    def queues(self) -> Sequence[Shape]: ...

    def queue(self, name: QueueName) -> Shape | None: ...

    def queues_of(self, agent: AgentNo) -> Sequence[QueueName]: ...

    def live_calls(self) -> Sequence[Shape]:
        """Brief shapes of all calls that have not ended."""
        ...

    def calls_of(self, agent: AgentNo) -> Sequence[Shape]:
        """Brief shapes of live calls that were offered to this agent, or supervised by them."""
        ...


class Journal(Protocol):
    """The published events in the database."""

    async def after(self, tenant: TenantId, seq: int, limit: int) -> Sequence[Published]:
        """The events that follow `seq`, in order, without gaps; may be slow, may fail."""
        ...

    async def caught_up(self, deadline: float) -> bool:
        """Wait up to `deadline` seconds until everything published so far is in the database."""
        ...


class Tokens(Protocol):
    def check(self, token: str) -> tuple[Principal, float]:
        """Who this token speaks for, and when it expires (seconds since 1970); raises `Refused`."""
        ...

    def current(self, username: str) -> Principal | None:
        """That person as they are now; None when gone or disabled. Answers from memory."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    desk: Callable[[TenantId], Desk]
    board: Callable[[TenantId], BoardView]
    journal: Journal
    tokens: Tokens
    audit: Audit
    numbers: Firewall

"""Small stories for the store: turns as an engine would leave them, and servers that die in various ways."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.store import Store
from cti.engine import Turn
from cti.events import Event, LinkLost
from cti.ids import AgentNo, CallId, DeviceName, Instant, LegId, OfferId, QueueName, TenantId
from cti.news import Published
from cti.records import (
    AgentRecord,
    Call,
    Figures,
    Leg,
    Offer,
    OfferResult,
    Result,
    Segment,
    SegmentKind,
    State,
)

DEMO = TenantId("demo")
NOON = Instant(1_790_000_000_000)


async def make_tenant(database: Database, name: TenantId = DEMO) -> None:
    await DirectoryStore(database).create_tenant(Tenant(name=name, title=name))


def a_call(number: int = 1, *, ended: bool = True, agent: str = "1001", **changes: Any) -> Call:
    """A call that 1001 took at the second offer, and that has ended unless told otherwise."""
    at = NOON + number * 60_000
    call = Call(
        id=CallId(f"call-{number}"),
        tenant=DEMO,
        number="+8613800001234",
        name="张伟明",
        dialled="4001",
        queue=QueueName("sales"),
        started_at=Instant(at),
        queued_at=Instant(at),
        state=State.ENDED if ended else State.TALKING,
        state_since=Instant(at + 9_000),
        answered_at=Instant(at + 5_000),
        ended_at=Instant(at + 9_000) if ended else None,
        result=Result.ANSWERED if ended else None,
        legs=[
            Leg(LegId(f"leg-{number}"), "PJSIP/trunk-1", "customer", Instant(at)),
            Leg(LegId(f"leg-{number}a"), "PJSIP/1001-1", "agent", Instant(at + 1), DeviceName(agent), AgentNo(agent)),
        ],
        segments=[
            Segment(SegmentKind.WAITING, Instant(at), None, QueueName("sales"), Instant(at + 5_000)),
            Segment(SegmentKind.TALKING, Instant(at + 5_000), AgentNo(agent), QueueName("sales"), None),
        ],
        offers=[
            an_offer(number, 1, "1009", OfferResult.NO_ANSWER),
            an_offer(number, 2, agent, OfferResult.ACCEPTED),
        ],
    )
    for name, value in changes.items():
        setattr(call, name, value)
    return call


def an_offer(number: int, n: int, agent: str, result: OfferResult) -> Offer:
    return Offer(
        id=OfferId(f"call-{number}.{n}"),
        n=n,
        agent_no=AgentNo(agent),
        device=DeviceName(agent),
        queue=QueueName("sales"),
        strategy="least_calls",
        reason="sales; 2 calls, fewest of 3",
        offered_at=Instant(NOON + number * 60_000),
        result=result,
    )


def news(seq: int, type_: str = "call.started", data: dict[str, object] | None = None, **more: Any) -> Published:
    return Published(seq, type_, Instant(NOON + seq), data or {"number": "+8613800001234"}, **more)


def turn(
    n: int,
    *published: Published,
    calls: Sequence[Call] = (),
    agents: Sequence[AgentRecord] = (),
    figures: Sequence[Figures] = (),
    fact: Event | None = None,
    tenant: TenantId = DEMO,
) -> Turn:
    at = Instant(NOON + n)
    fact = fact or LinkLost(at=at, reason="a test")
    return Turn(n, at, tenant, fact, list(published), list(calls), list(agents), list(figures))


def tell(store: Store, first: int, last: int, size: int = 0) -> None:
    """Turns `first` to `last`, each with one piece of news of the same number."""
    for n in range(first, last + 1):
        store.journal(turn(n, news(n, data={"n": n, "words": "话" * size})))


async def seqs(store: Store, tenant: TenantId = DEMO) -> list[int]:
    return [one.seq for one in await store.after(tenant, 0, 100_000)]


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[None]:
    """The store's tasks at work, as in a server."""
    task = asyncio.create_task(store.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def killed(store: Store) -> None:
    """What kill -9 leaves: files as they are, no mark, nothing drained, locks let go by the kernel."""
    os.close(store.spool._fd)
    store.spool._fd = -1
    await store.lock.release()
    await store.database.close()


def newest_segment(state_dir: Path) -> Path:
    return max((state_dir / "spool").glob("*.spool"))


async def tick(seconds: float = 0.0) -> None:
    """Let the loop go round, and so long at least."""
    loop = asyncio.get_running_loop()
    turned = loop.create_future()
    loop.call_later(seconds, turned.set_result, None)
    await turned


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Let the loop run until the condition holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not condition():
        assert loop.time() < deadline, "it did not come to pass"
        await tick(0.01)


async def at_once() -> None:
    """Rests for nobody, between two statements."""

"""Who called before: looked up for many callers at once, since a query each would take the time of ringing phones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.store.failures import StoreFailure
from adapters.store.queries import Queries
from cti.effects import LookUp
from cti.events import ContactFound, Event
from cti.ids import Instant, TenantId

GATHER_SECONDS = 0.25
DEADLINE_SECONDS = 3.0
MOST_WAITING = 500


class LookUps:
    def __init__(self, queries: Queries, now: Callable[[], Instant], post: Callable[[Event, TenantId], None]) -> None:
        self._queries = queries
        self._now = now
        self._post = post
        self._waiting: dict[TenantId, list[LookUp]] = {}
        self._any = asyncio.Event()

    def ask(self, tenant: TenantId, order: LookUp) -> None:
        """Take an order in; under a storm the oldest pops stay without history."""
        waiting = self._waiting.setdefault(tenant, [])
        if order.number and len(waiting) < MOST_WAITING:
            waiting.append(order)
            self._any.set()

    async def run(self) -> None:
        while True:
            await self._any.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._any.clear()
            waiting, self._waiting = self._waiting, {}
            for tenant, orders in waiting.items():
                await self._answer(tenant, orders)

    async def _answer(self, tenant: TenantId, orders: list[LookUp]) -> None:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                found = await self._queries.contacts(tenant, {order.number for order in orders})
        except (TimeoutError, StoreFailure):
            return  # the pops are there without it
        for order in orders:
            contacts = tuple(one for one in found.get(order.number, ()) if one["call"] != order.call)
            if contacts:
                self._post(ContactFound(at=self._now(), offer=order.offer, call=order.call, contacts=contacts), tenant)

"""The past and the passwords, as the web and resuming clients want them: thin covers over the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.store.failures import StoreFailure
from adapters.store.passwords import Passwords
from adapters.store.queries import Queries, Which
from adapters.store.store import Store
from adapters.web.ports import CallFilter, Page
from adapters.web.problems import StoreAway
from cti.ids import CallId, TenantId
from cti.news import Published
from cti.records import Call

PATIENCE_SECONDS: Final = 0.8
"""A command is answered within a second."""


@dataclass(slots=True)
class Records:
    """The past, for the web and for clients that resume."""

    store: Store
    queries: Queries

    async def calls(self, tenant: TenantId, which: CallFilter, limit: int, cursor: str | None) -> Page[Call]:
        wanted = Which(**{name: getattr(which, name) for name in CallFilter.__slots__})
        return await self.queries.calls(tenant, wanted, limit=limit, cursor=cursor)

    async def call(self, tenant: TenantId, call: CallId) -> Call | None:
        return await self.queries.call(tenant, call)

    async def ended(self, tenant: TenantId, call: CallId) -> Call | None:
        """A call that is over; raises `StoreAway` when it cannot soon be told whether there is one."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                current = await self.store.caught_up(PATIENCE_SECONDS)
                found = await self.queries.call(tenant, call)
        except (TimeoutError, StoreFailure):
            current, found = False, None
        if not current:
            raise StoreAway("past calls cannot be read now; try again later")
        return found if found is not None and found.ended_at is not None else None

    async def after(self, tenant: TenantId, seq: int, limit: int) -> Sequence[Published]:
        return await self.queries.after(tenant, seq, limit)

    async def newest(self, tenant: TenantId, limit: int, before: int | None) -> Sequence[Published]:
        return await self.queries.newest(tenant, limit, before)

    async def caught_up(self, deadline: float) -> bool:
        return await self.store.caught_up(deadline)


class Verifier:
    """The web's `Passwords`."""

    def __init__(self) -> None:
        self._passwords = Passwords()

    async def hash(self, password: str) -> str:
        return await self._passwords.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return await self._passwords.matches(password, password_hash)

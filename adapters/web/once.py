"""`Idempotency-Key`: a request that is sent again, because its answer was lost, is answered as the first time.

Answers are remembered for a day by this process, per user; one that failed is forgotten, and may be tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from starlette.responses import Response

from adapters.web.asking import Me
from cti.errors import Conflict

MOST: Final = 1000
SECONDS: Final = 24 * 3600.0

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


class KeyReused(Conflict):
    """The key of another request."""

    code = "key_reused"


@dataclass(slots=True)
class _Asked:
    digest: bytes
    until: float
    answer: asyncio.Future[Response] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Memory:
    """What was answered to whom; the oldest go first."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._asked: dict[tuple[str, ...], _Asked] = {}

    async def once(self, key: tuple[str, ...], digest: bytes, work: Callable[[], Awaitable[Response]]) -> Response:
        """Do the work, unless it was done under this key; who asks meanwhile waits for the same answer."""
        while (known := self._asked.get(key)) is not None and known.until > self._now():
            if known.digest != digest:
                raise KeyReused("this Idempotency-Key came with another request")
            await asyncio.wait([known.answer])
            if not known.answer.cancelled():
                return known.answer.result()
        asked = _Asked(digest, self._now() + SECONDS)
        self._asked.pop(key, None)
        self._asked[key] = asked
        while len(self._asked) > MOST:
            del self._asked[next(iter(self._asked))]
        try:
            answer = await work()
        except BaseException:
            if self._asked.get(key) is asked:
                del self._asked[key]
            asked.answer.cancel()
            raise
        asked.answer.set_result(answer)
        return answer


class Once:
    """`await once(work)`: done once for each key of this user at this address; without a key, each time."""

    def __init__(self, request: Request, me: Me, key: Key = None) -> None:
        self._request, self._me, self._key = request, me, key

    async def __call__(self, work: Callable[[], Awaitable[Response]]) -> Response:
        if self._key is None:
            return await work()
        request, memory = self._request, self._request.app.state.once
        digest = hashlib.sha256(request.url.query.encode() + b"\n" + await request.body()).digest()
        key = (self._me.tenant, self._me.username, request.method, request.url.path, self._key)
        answer: Response = await memory.once(key, digest, work)
        return answer


OnceOf = Annotated[Once, Depends()]

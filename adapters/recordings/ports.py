"""What this room needs from the rest of the server; it knows none of those who fill it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cti.ids import CallId, Instant, TenantId
from cti.recording.kept import Sound
from cti.recording.policy import RecordingRules
from cti.records import Call


class Ledger(Protocol):
    """The database's share; raises one of `Ports.away` when it is not there."""

    async def ended(self, ids: Collection[CallId]) -> Mapping[CallId, Call]: ...

    async def has(self, tenant: TenantId, name: str) -> bool: ...

    async def keep(self, sound: Sound) -> str | None: ...

    async def rules(self) -> Mapping[TenantId, RecordingRules]: ...

    async def older_than(self, tenant: TenantId, at: Instant) -> Sequence[str]: ...

    async def forget(self, tenant: TenantId, ids: Collection[str]) -> Sequence[str]: ...

    async def leaving(self) -> Sequence[tuple[TenantId, str, str]]: ...

    async def gone(self, tenant: TenantId, recording: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    ledger: Ledger
    now: Callable[[], Instant]
    away: tuple[type[Exception], ...]
    kept: Callable[[Sound, str], None]
    """A recording can be heard from now on."""
    room: Callable[[str], None]
    """New recordings are refused, and why; the empty word: they are not any more."""
    forgotten: Callable[[TenantId, Sequence[str], int], None]
    """These have been kept for so many days, and are removed."""

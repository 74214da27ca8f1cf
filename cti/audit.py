"""Who did what to whom, when, from where and why: entries in a chain, each sealed over the one before it.

Pure: what keeps them is `adapters/store/audit.py`. Whoever changes, drops or swaps an entry breaks the chain there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cti.ids import Instant, TenantId

FIRST: Final = "0" * 64
"""What the first entry of a tenant says came before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done. `who`: a user name, or `cli:<login>`; `origin`: an address; `object`: what it was done to."""

    tenant: TenantId
    at: Instant
    who: str
    action: str
    object: str = ""
    reason: str = ""
    origin: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deed on record: the `id`-th of its tenant, from 1 without gaps."""

    id: int
    deed: Deed
    prev_hash: str
    hash: str


class Audit(Protocol):
    """What whoever does something worth a record is given."""

    def note(
        self,
        tenant: TenantId,
        who: str,
        action: str,
        object: str = "",
        *,
        reason: str = "",
        origin: str = "",
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Take it down, in order; returns at once and never fails. Secrets do not belong in `data`."""
        ...


def canonical(n: int, prev_hash: str, deed: Deed) -> bytes:
    """The one way of writing an entry that its hash is taken of: JSON, keys in order, no blanks, UTF-8."""
    words = {
        "id": n,
        "at": deed.at,
        "tenant": deed.tenant,
        "who": deed.who,
        "from": deed.origin,
        "action": deed.action,
        "object": deed.object,
        "reason": deed.reason,
        "data": dict(deed.data),
        "prev_hash": prev_hash,
    }
    return json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def sealed(n: int, prev_hash: str, deed: Deed) -> Entry:
    """The next entry of the chain."""
    seal = hashlib.sha256(canonical(n, prev_hash, deed)).hexdigest()
    return Entry(id=n, deed=deed, prev_hash=prev_hash, hash=seal)


def broken_at(entries: Iterable[Entry], after: int = 0, prev_hash: str = FIRST) -> str | None:
    """Where a chain, read from its beginning, is broken first, in words; None when it holds."""
    for entry in entries:
        if entry.id != after + 1:
            return f"entry {after + 1} is missing: {entry.id} follows {after}"
        if entry.prev_hash != prev_hash:
            return f"entry {entry.id} does not follow the one before it"
        if sealed(entry.id, prev_hash, entry.deed).hash != entry.hash:
            return f"entry {entry.id} is not as it was written"
        after, prev_hash = entry.id, entry.hash
    return None

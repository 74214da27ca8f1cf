"""The record of who did what: searched, and proved to be as it was written."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query

from adapters.web import models
from adapters.web.asking import Me, PortsOf, SettingsOf, guarded, permitted
from adapters.web.paging import Json, Listed, answer, instant
from adapters.web.ports import Shape, Sought
from cti.audit import Entry
from cti.permissions import AUDIT_SEE
from cti.shapes import stamp

router = guarded("audit")


def shape(entry: Entry) -> Shape:
    deed = entry.deed
    return {
        "id": entry.id,
        "at": stamp(deed.at),
        "tenant": deed.tenant,
        "who": deed.who,
        "from": deed.origin,
        "action": deed.action,
        "object": deed.object,
        "reason": deed.reason,
        "data": dict(deed.data),
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }


@router.get("", response_model=models.Listing[models.AuditEntry], dependencies=[permitted(AUDIT_SEE)])
async def list_entries(
    me: Me,
    ports: PortsOf,
    settings: SettingsOf,
    asked: Listed,
    since: Annotated[datetime | None, Query(alias="from", description="at or after")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="before")] = None,
    who: Annotated[str | None, Query(max_length=64)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    object: Annotated[str | None, Query(max_length=200, description="where its name begins")] = None,
) -> Json:
    """Newest first; `search` looks at who, from where, what, to what and why."""
    sought = Sought(
        search=asked.search, who=who, action=action, object=object, since=instant(since), until=instant(until)
    )
    await ports.ledger.kept(settings.read_deadline)
    found = await ports.ledger.entries(me.tenant, sought, asked.limit, asked.cursor)
    return answer([shape(entry) for entry in found.items], found.total, found.next)


@router.get("/proof", response_model=models.AuditProof, dependencies=[permitted(AUDIT_SEE)])
async def prove(me: Me, ports: PortsOf) -> Json:
    """Read the whole chain and say whether it holds, and where it does not."""
    proof = await ports.ledger.verify(me.tenant)
    return Json({"holds": proof.broken is None, "entries": proof.entries, "head": proof.head, "broken": proof.broken})

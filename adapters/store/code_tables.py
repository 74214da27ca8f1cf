"""What agents may say: why they are not ready, what a call came to; and what they have said of calls."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    exists,
    or_,
    select,
)

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata
from cti.ids import TenantId

reasons = Table(
    "reasons",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("code", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("title_en", Words, nullable=False),
    Column("limit_seconds", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("order", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "code"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("code", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("title_en", Words, nullable=False),
    Column("parent", Key),
    Column("queues", JSON, nullable=False),  # a queue that is removed stays named: for all would be worse than for none
    Column("active", Boolean, nullable=False),
    Column("order", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "code"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

# Through the spool like the calls; what was said stays, whatever becomes of the code.
call_dispositions = Table(
    "call_dispositions",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("call", Key, nullable=False),
    Column("n", Integer, nullable=False),
    Column("agent_no", Key, nullable=False),
    Column("code", Key, nullable=False),
    Column("note", Words, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    Column("said_by", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "call", "n"),
    Index(None, "tenant", "code", "said_at"),
)


def said_of(tenant: TenantId, call: ColumnElement[str], code: str) -> ColumnElement[bool]:
    """Whether somebody said this of that call, or anything below it."""
    entry = call_dispositions.c
    below = select(dispositions.c.code).where(dispositions.c.tenant == tenant, dispositions.c.parent == code)
    its = (entry.tenant == tenant, entry.call == call)
    return exists().where(*its, or_(entry.code == code, entry.code.in_(below)))

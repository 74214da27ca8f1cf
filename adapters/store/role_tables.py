"""Roles, teams, and the record of who did what. A user's team is a column of `users`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

roles = Table(
    "roles",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("title_en", Words, nullable=False),
    Column("permissions", JSON, nullable=False),  # verb -> scope
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

teams = Table(
    "teams",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("parent", Key),
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

# No foreign key: what was done stays on record whatever becomes of those who did it.
audit = Table(
    "audit",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Key, nullable=False),
    Column("origin", Key, nullable=False),
    Column("action", Key, nullable=False),
    Column("object", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("data", JSON, nullable=False),
    Column("prev_hash", Key, nullable=False),
    Column("hash", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "at"),
    Index(None, "tenant", "who", "id"),
    Index(None, "tenant", "action", "id"),
)

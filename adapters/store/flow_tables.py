"""Flows: one row per flow with its draft, one row per version that was ever published."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Table

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

flows = Table(
    "flows",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("draft", JSON, nullable=False),
    Column("revision", Integer, nullable=False),  # of the draft: rises with every change of it
    Column("published", Integer),  # the version that callers hear
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("published_by", Key, nullable=False),
    Column("note", Words, nullable=False),
    PrimaryKeyConstraint("tenant", "name", "version"),
    ForeignKeyConstraint(["tenant", "name"], ["flows.tenant", "flows.name"], ondelete="CASCADE"),
)

"""Phones and trunks that are made here. Of their secrets there is a digest; who owns a phone stands with the agent.

`state`: `new` (whoever is registered under that name has to go), `kept`, or `gone`: Asterisk has yet to forget it.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

devices = Table(
    "devices",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("digest", Key, nullable=False),
    Column("state", Key, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    UniqueConstraint("name"),  # Asterisk knows no tenants
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

trunks = Table(
    "trunks",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("host", Key, nullable=False),
    Column("port", Integer, nullable=False),
    Column("match", JSON, nullable=False),
    Column("user", Key, nullable=False),
    Column("realm", Key, nullable=False),
    Column("digest", Key, nullable=False),
    Column("register", Boolean, nullable=False),
    Column("caller_ids", JSON, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("state", Key, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    UniqueConstraint("name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

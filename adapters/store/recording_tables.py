"""Recordings that are kept, and what each tenant wants recorded. How a call's own stands is in its row of `calls`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

recordings = Table(
    "recordings",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("id", Key, nullable=False),  # at random: it is told to nobody who may not know it, and cannot be guessed
    Column("name", Key, nullable=False),
    Column("call", Key, nullable=False),
    Column("place", Words, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("length_ms", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Key, nullable=False),
    Column("mode", Key, nullable=False),
    Column("reason", Words, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("markers", JSON, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Column("state", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "name"),
    Index(None, "tenant", "state", "began_at"),
    Index(None, "tenant", "call"),
)

recording_rules = Table(
    "recording_rules",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("rules", JSON, nullable=False),
    PrimaryKeyConstraint("tenant"),
)

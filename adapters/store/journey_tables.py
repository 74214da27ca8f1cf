"""What callers leave and hear outside of a queue: voicemail, and known incidents with those who heard of them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, PrimaryKeyConstraint, Table

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

voicemails = Table(
    "voicemails",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("id", Key, nullable=False),
    Column("call", Key, nullable=False),
    Column("box", Key, nullable=False),
    Column("number", Key, nullable=False),
    Column("name", Words, nullable=False),
    Column("left_at", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("file", Key, nullable=False),  # a name in the voicemail folder, no path
    Column("state", Key, nullable=False),  # new, assigned, done
    Column("agent_no", Key),
    Column("note", Words, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "left_at", "id"),
    Index(None, "tenant", "state", "left_at"),
    Index(None, "tenant", "agent_no", "state"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("id", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("prefixes", JSON, nullable=False),
    Column("prompt", Key, nullable=False),
    Column("offer", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "active"),
)

incident_callers = Table(
    "incident_callers",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("incident", Key, nullable=False),
    Column("call", Key, nullable=False),
    Column("number", Key, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("wants_word", Boolean, nullable=False),
    Column("told_at", BigInteger),
    PrimaryKeyConstraint("tenant", "incident", "call"),
)

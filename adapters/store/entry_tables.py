"""Numbers, schedules, calendars, places; and the marks that removed entries of lists leave for whoever knew them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

numbers = Table(
    "numbers",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("number", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("entry", Key, nullable=False),
    Column("lists", Boolean, nullable=False),
    Column("options", JSON, nullable=False),
    PrimaryKeyConstraint("tenant", "number"),
    UniqueConstraint("number"),  # a call has to find one tenant
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

schedules = Table(
    "schedules",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("calendar", Key, nullable=False),
    Column("document", JSON, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

calendars = Table(
    "calendars",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("title", Words, nullable=False),
    Column("country", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

calendar_days = Table(
    "calendar_days",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("calendar", Key, nullable=False),
    Column("day", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("name", Words, nullable=False),
    PrimaryKeyConstraint("tenant", "calendar", "day"),
    ForeignKeyConstraint(["tenant", "calendar"], ["calendars.tenant", "calendars.name"], ondelete="CASCADE"),
)

list_removals = Table(
    "list_removals",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("kind", Key, nullable=False),
    Column("match", Key, nullable=False),
    Column("number", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "revision", "kind", "match", "number"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

places = Table(
    "places",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("prefix", Key, nullable=False),  # without +86 and the 0 of area codes
    Column("place", Words, nullable=False),
    PrimaryKeyConstraint("tenant", "prefix"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

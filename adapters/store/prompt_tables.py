"""Prompts and their versions: one row for each name, one for each file that was ever made."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, PrimaryKeyConstraint, Table, UniqueConstraint

from adapters.store.columns import Key, Words
from adapters.store.tables import metadata

prompts = Table(
    "prompts",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("id", Key, nullable=False),  # names the folder of its files, which no person's word does
    Column("title", Words, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
    UniqueConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

prompt_versions = Table(
    "prompt_versions",
    metadata,
    Column("tenant", Key, nullable=False),
    Column("prompt", Key, nullable=False),  # its id
    Column("version", Integer, nullable=False),
    Column("language", Key, nullable=False),
    Column("source", Key, nullable=False),  # text or upload
    Column("text", Words, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", Key, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", Key, nullable=False),
    PrimaryKeyConstraint("tenant", "prompt", "version"),
    ForeignKeyConstraint(["tenant", "prompt"], ["prompts.tenant", "prompts.id"], ondelete="CASCADE"),
)

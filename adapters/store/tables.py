"""The tables, as migrations/ makes them. Every row says whose it is; instants are whole milliseconds since 1970 UTC.

Rows that come through the spool have no foreign keys: the order of lines is their integrity. A call outlives its legs.
Numbers and names of callers stand in columns of their own, so that a role can be kept from them.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from adapters.store.columns import Key, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _key(name: str, **more: Any) -> Column[str]:
    return Column(name, Key, nullable=False, **more)


def _words(name: str) -> Column[str]:
    return Column(name, Words, nullable=False)


def _instant(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _int(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _since(name: str, kind: Any, default: object) -> Column[Any]:
    """A column that old rows have never heard of."""
    text = default if isinstance(default, str) else json.dumps(default)
    server = (true() if default else false()) if kind is Boolean else text
    return Column(name, kind, nullable=False, server_default=server)


# --- what happened -------------------------------------------------------------------------------------------------

journal = Table(
    "journal",
    metadata,
    _key("tenant"),
    _instant("seq"),
    _key("type"),
    _instant("at"),
    Column("call", Key),
    Column("agents", JSON, nullable=False),
    Column("queue", Key),
    Column("data", JSON, nullable=False),
    PrimaryKeyConstraint("tenant", "seq"),
    Index(None, "tenant", "call", "seq"),
    Index(None, "tenant", "at"),
)

facts = Table(
    "facts",
    metadata,
    _instant("n"),
    _int("i"),
    _key("tenant"),
    _instant("at"),
    _key("type"),
    Column("data", JSON, nullable=False),
    PrimaryKeyConstraint("n", "i"),
    Index(None, "tenant", "n"),
    Index(None, "at"),
)

# --- calls ---------------------------------------------------------------------------------------------------------

calls = Table(
    "calls",
    metadata,
    _key("tenant"),
    _key("id"),
    _key("direction"),
    _key("number"),
    _words("name"),
    _key("dialled"),
    _key("queue"),
    Column("agent_no", Key),  # who took the call last
    _int("priority"),
    Column("vip", Boolean, nullable=False),
    _key("linkedid"),
    _key("state"),
    _instant("state_since"),
    _instant("started_at"),
    _instant("queued_at"),
    Column("answered_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("result", Key),
    _words("cause"),
    _since("skills", JSON, {}),
    _since("sent_to", Key, ""),
    Column("journey", JSON, nullable=False, server_default="{}"),
    Column("recording", JSON(none_as_null=True)),
    PrimaryKeyConstraint("tenant", "id"),
    Index(None, "tenant", "started_at", "id"),
    Index(None, "tenant", "number", "started_at"),
    Index(None, "tenant", "queue", "started_at"),
    Index(None, "tenant", "agent_no", "started_at"),
    Index(None, "tenant", "ended_at"),
)

legs = Table(
    "legs",
    metadata,
    _key("tenant"),
    _key("call"),
    _int("n"),
    _key("id"),
    _words("channel"),
    _key("kind"),
    _instant("started_at"),
    Column("device", Key),
    Column("agent_no", Key),
    Column("answered_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("cause", Integer),
    PrimaryKeyConstraint("tenant", "call", "n"),
    Index(None, "tenant", "id"),
)

segments = Table(
    "segments",
    metadata,
    _key("tenant"),
    _key("call"),
    _int("n"),
    _key("kind"),
    _instant("started_at"),
    Column("agent_no", Key),
    Column("queue", Key),
    Column("ended_at", BigInteger),
    PrimaryKeyConstraint("tenant", "call", "n"),
    Index(None, "tenant", "agent_no", "started_at"),
)

offers = Table(
    "offers",
    metadata,
    _key("tenant"),
    _key("call"),
    _int("n"),
    _key("id"),
    _key("agent_no"),
    _key("device"),
    _key("queue"),
    _key("strategy"),
    _words("reason"),
    _instant("offered_at"),
    Column("ringing_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("result", Key),
    _words("detail"),
    PrimaryKeyConstraint("tenant", "call", "n"),
    Index(None, "tenant", "id"),
    Index(None, "tenant", "agent_no", "offered_at"),
)

# --- people and queues ---------------------------------------------------------------------------------------------

tenants = Table(
    "tenants",
    metadata,
    _key("tenant"),
    _words("title"),
    _key("timezone"),
    _words("pop_url"),
    _since("tell_supervision", Boolean, False),
    PrimaryKeyConstraint("tenant"),
)

agents = Table(
    "agents",
    metadata,
    _key("tenant"),
    _key("agent_no"),
    _words("name"),
    Column("devices", JSON, nullable=False),
    PrimaryKeyConstraint("tenant", "agent_no"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

agent_states = Table(
    "agent_states",
    metadata,
    _key("tenant"),
    _key("agent_no"),
    _key("status"),
    Column("reason", Key),
    _instant("status_since"),
    Column("pending_status", Key),
    Column("pending_reason", Key),
    _since("pending_forced", Boolean, False),
    Column("device", Key),
    _instant("idle_since"),
    Column("acw_began", BigInteger),
    Column("acw_until", BigInteger),
    Column("desktop", Boolean, nullable=False),
    _since("over_limit", Boolean, False),
    Column("due_call", Key),
    Column("due_queue", Key),
    PrimaryKeyConstraint("tenant", "agent_no"),
)

figures = Table(
    "figures",
    metadata,
    _key("tenant"),
    _key("queue"),
    _key("agent_no"),
    _instant("window_start"),
    _int("calls"),
    _instant("talk_ms"),
    _int("offers"),
    _instant("answer_ms"),
    Column("signed_in", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "queue", "agent_no", "window_start"),
    Index(None, "tenant", "window_start"),
)

queues = Table(
    "queues",
    metadata,
    _key("tenant"),
    _key("name"),
    _words("title"),
    _key("strategy"),
    _int("ring_seconds"),
    _int("acw_seconds"),
    _key("window"),
    _since("music", Key, ""),
    _since("announce_position", Boolean, False),
    _since("announce_ewt", Boolean, False),
    _since("announce_every_seconds", Integer, 0),
    _since("comfort_prompts", JSON, []),
    _since("comfort_every_seconds", Integer, 30),
    _since("agent_announcement", Key, "off"),
    _since("whisper", Key, ""),
    _since("max_wait_seconds", Integer, 0),
    _since("max_wait_target", Key, ""),
    _since("max_length", Integer, 0),
    _since("max_length_target", Key, ""),
    _since("no_agents", Key, "off"),
    _since("no_agents_target", Key, ""),
    _since("age_seconds_per_priority", Integer, 0),
    _since("relax_after_seconds", Integer, 0),
    _since("relax_levels", Integer, 1),
    _since("sticky_days", Integer, 30),
    _since("sticky_seconds", Integer, 20),
    _since("sticky_base", Key, "longest_idle"),
    _since("service_level_seconds", Integer, 20),
    _since("survey", Key, ""),
    _since("disposition_required", Boolean, False),
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

queue_members = Table(
    "queue_members",
    metadata,
    _key("tenant"),
    _key("queue"),
    _key("agent_no"),
    PrimaryKeyConstraint("tenant", "queue", "agent_no"),
    ForeignKeyConstraint(["tenant", "queue"], ["queues.tenant", "queues.name"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant", "agent_no"], ["agents.tenant", "agents.agent_no"], ondelete="CASCADE"),
    Index(None, "tenant", "agent_no"),
)

skills = Table(
    "skills",
    metadata,
    _key("tenant"),
    _key("name"),
    _words("title"),
    PrimaryKeyConstraint("tenant", "name"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

agent_skills = Table(
    "agent_skills",
    metadata,
    _key("tenant"),
    _key("agent_no"),
    _key("skill"),
    _int("level"),
    PrimaryKeyConstraint("tenant", "agent_no", "skill"),
    ForeignKeyConstraint(["tenant", "agent_no"], ["agents.tenant", "agents.agent_no"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant", "skill"], ["skills.tenant", "skills.name"], ondelete="CASCADE"),
    Index(None, "tenant", "skill"),
)

users = Table(
    "users",
    metadata,
    _key("tenant"),
    _key("username"),
    _words("password_hash"),
    _key("role"),
    Column("agent_no", Key),
    Column("team", Key),  # None: at the root, above all teams
    _int("token_version"),
    Column("disabled", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "username"),
    UniqueConstraint("username"),  # one sign-in page for all tenants
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
)

list_entries = Table(
    "list_entries",
    metadata,
    _key("tenant"),
    _key("kind"),
    _key("number"),
    _int("priority"),
    _words("name"),
    _words("reason"),
    _instant("added_at"),
    Column("expires_at", BigInteger),
    _key("id"),  # what the interface calls it: a number has no place in an address
    _key("match"),
    Column("target", Key),
    _words("added_by"),
    _instant("revision"),  # of the lists, when this entry was last touched
    PrimaryKeyConstraint("tenant", "kind", "match", "number"),
    UniqueConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant"], ["tenants.tenant"]),
    Index(None, "tenant", "kind", "added_at"),
    Index(None, "tenant", "revision"),
)

# The server's own: no tenant owns these.
meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

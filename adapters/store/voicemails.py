"""Messages that callers left, and who sees to them. The sound itself lies in a folder; here is its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, or_, select, tuple_, update

from adapters.store import rules
from adapters.store.database import Database, insert_new
from adapters.store.directory import now
from adapters.store.journey_tables import voicemails
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.tables import agents as known_agents
from cti.errors import BadRequest, NotFound
from cti.ids import AgentNo, CallId, Instant, TenantId

STATES: Final = ("new", "assigned", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: str
    call: CallId
    box: str
    number: str
    name: str
    left_at: Instant
    seconds: float
    file: str
    state: str = "new"
    agent_no: AgentNo | None = None
    note: str = ""


class Voicemails:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tenant: TenantId, message: Message) -> None:
        """Keep a message; one that is kept already stays as it is."""
        row = {
            "tenant": tenant,
            "changed_at": message.left_at,
            **{name: getattr(message, name) for name in Message.__dataclass_fields__},
        }
        async with self._database.writing() as connection:
            await connection.execute(insert_new(connection.dialect.name, voicemails), [row])

    async def list(
        self,
        tenant: TenantId,
        *,
        state: str = "",
        agents: Collection[AgentNo] | None = None,
        search: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Message]:
        """Newest first; with `agents`, those that are theirs and those that nobody has yet."""
        c = voicemails.c
        conditions = [c.tenant == tenant]
        if state:
            conditions.append(c.state == _state(state))
        if agents is not None:
            conditions.append(or_(c.agent_no.in_(agents), c.agent_no.is_(None)))
        if search:
            conditions.append(
                or_(c.number.contains(search, autoescape=True), c.name.icontains(search, autoescape=True))
            )
        size = page_size(limit)
        query = select(voicemails).where(*conditions).order_by(c.left_at.desc(), c.id.desc())
        if cursor is not None:
            query = query.where(tuple_(c.left_at, c.id) < tuple_(*key_of(cursor, int, str)))
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(voicemails).where(*conditions)) or 0
            found = [_message(row) for row in await connection.execute(query.limit(size + 1))]
        last = found[size - 1] if len(found) > size else None
        return Page(found[:size], total, None if last is None else cursor_of(last.left_at, last.id))

    async def get(self, tenant: TenantId, message: str) -> Message:
        """Raises `NotFound`."""
        query = select(voicemails).where(voicemails.c.tenant == tenant, voicemails.c.id == message)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound("no such message")
        return _message(row)

    async def change(self, tenant: TenantId, message: str, *, state: str, agent: AgentNo | None, note: str) -> Message:
        """Give it to an agent as a callback task, or say that it is done."""
        values: Mapping[str, Any] = {
            "state": _state(state),
            "agent_no": agent,
            "note": rules.words(note, "the note", 500, needed=False),
            "changed_at": now(),
        }
        if state == "assigned" and agent is None:
            raise BadRequest("an assigned message has an agent")
        async with self._database.writing() as connection:
            if agent is not None:
                its_agent = (known_agents.c.tenant == tenant, known_agents.c.agent_no == agent)
                query = select(known_agents.c.agent_no).where(*its_agent)
                if await connection.scalar(query) is None:
                    raise NotFound(f"there is no agent {agent[:16]}")
            its = (voicemails.c.tenant == tenant, voicemails.c.id == message)
            if (await connection.execute(update(voicemails).where(*its).values(**values))).rowcount == 0:
                raise NotFound("no such message")
        return await self.get(tenant, message)

    async def of_numbers(self, tenant: TenantId, numbers: Collection[str]) -> Sequence[Message]:
        """Everything that one customer has left, under whichever of these forms the number was written."""
        query = select(voicemails).where(voicemails.c.tenant == tenant, voicemails.c.number.in_(numbers))
        async with self._database.reading() as connection:
            return [_message(row) for row in await connection.execute(query.order_by(voicemails.c.left_at))]

    async def forget(self, tenant: TenantId, messages: Collection[str]) -> None:
        these = (voicemails.c.tenant == tenant, voicemails.c.id.in_(messages))
        async with self._database.writing() as connection:
            await connection.execute(delete(voicemails).where(*these))


def _state(state: str) -> str:
    if state not in STATES:
        raise BadRequest(f"the state is one of {', '.join(STATES)}")
    return state


def _message(row: Any) -> Message:
    return Message(**{name: getattr(row, name) for name in Message.__dataclass_fields__})

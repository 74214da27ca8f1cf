"""Who may sign in: user names are unique over all tenants, passwords are hashes. Of tokens it knows the version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database
from adapters.store.pages import Page, cursor_of, key_of, page_size
from adapters.store.passwords import Passwords
from adapters.store.roles import read_teams, role_of
from adapters.store.tables import agents, tenants, users
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`token_version` rises when tokens given out before must no longer be good."""

    tenant: TenantId
    username: str
    role: str
    agent_no: AgentNo | None = None
    team: str | None = None
    token_version: int = 0
    disabled: bool = False
    password_hash: str = field(default="", repr=False)


class Users:
    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def find(self, username: str) -> User | None:
        """Whoever signs in by this name, of whatever tenant: it is not known yet whose they are."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(users).where(users.c.username == username))).one_or_none()
        return None if row is None else _user(row)

    async def get(self, tenant: TenantId, username: str) -> User:
        async with self._database.reading() as connection:
            return await _get(connection, tenant, username)

    async def everybody(self) -> tuple[User, ...]:
        """All users of all tenants, for the one who checks tokens."""
        async with self._database.reading() as connection:
            return tuple(_user(row) for row in await connection.execute(select(users)))

    async def list(
        self, tenant: TenantId, *, limit: int = 50, cursor: str | None = None, search: str = ""
    ) -> Page[User]:
        """In the order of their names."""
        size = page_size(limit)
        conditions = [users.c.tenant == tenant]
        if search:
            conditions.append(users.c.username.icontains(search, autoescape=True) | (users.c.agent_no == search))
        query = select(users).where(*conditions).order_by(users.c.username).limit(size + 1)
        if cursor is not None:
            query = query.where(users.c.username > key_of(cursor, str)[0])
        async with self._database.reading() as connection:
            total = await connection.scalar(select(func.count()).select_from(users).where(*conditions)) or 0
            found = [_user(row) for row in await connection.execute(query)]
        more = len(found) > size
        return Page(found[:size], total, cursor_of(found[size - 1].username) if more else None)

    async def create(
        self,
        tenant: TenantId,
        username: str,
        password: str,
        role: str,
        agent_no: AgentNo | None = None,
        *,
        team: str | None = None,
        hashed: str | None = None,
    ) -> User:
        """With `hashed`, somebody else has checked the password and made its hash."""
        hashed = hashed or await self._passwords.hash(rules.password(password))
        user = User(tenant=tenant, username=rules.username(username), role=role, agent_no=agent_no, team=team)
        async with self._database.writing() as connection:
            await meta.bump(connection)
            if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
                raise NotFound(f"there is no tenant {tenant[:40]}")
            await _fits(connection, user)
            if await connection.scalar(select(users.c.username).where(users.c.username == username)) is not None:
                raise Conflict(f"the user name {username} is taken")
            row = {"tenant": tenant, "username": username, "password_hash": hashed, "role": role}
            await connection.execute(
                users.insert(), {**row, "agent_no": agent_no, "team": team, "token_version": 0, "disabled": False}
            )
        return user

    async def update(
        self,
        tenant: TenantId,
        username: str,
        *,
        password: str | None = None,
        hashed: str | None = None,
        role: str | None = None,
        disabled: bool | None = None,
        **place: str | None,
    ) -> User:
        """Change what is given; `agent_no=None` or `team=None` takes that away.

        A new password, and being disabled, make older tokens void; they stay good with a new role's rights.
        """
        values: dict[str, Any] = {**place}
        if set(place) - {"agent_no", "team"}:
            raise BadRequest("a user has password, role, disabled, agent_no and team")
        if password is not None:
            values["password_hash"] = await self._passwords.hash(rules.password(password))
        if hashed is not None:
            values["password_hash"] = hashed
        if role is not None:
            values["role"] = role
        if disabled is not None:
            values["disabled"] = disabled
        async with self._database.writing() as connection:
            await meta.bump(connection)
            old = await _get(connection, tenant, username)
            if "password_hash" in values or disabled not in (None, old.disabled):
                values["token_version"] = users.c.token_version + 1
            this = (users.c.tenant == tenant, users.c.username == username)
            if values:
                await connection.execute(update(users).where(*this).values(**values))
            user = await _get(connection, tenant, username)
            await _fits(connection, user)
            return user

    async def revoke(self, tenant: TenantId, username: str) -> int:
        """Make every token given out so far void; returns the new token version."""
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _get(connection, tenant, username)
            this = (users.c.tenant == tenant, users.c.username == username)
            await connection.execute(update(users).where(*this).values(token_version=users.c.token_version + 1))
            return (await _get(connection, tenant, username)).token_version

    async def delete(self, tenant: TenantId, username: str) -> None:
        async with self._database.writing() as connection:
            await meta.bump(connection)
            await _get(connection, tenant, username)
            await connection.execute(delete(users).where(users.c.tenant == tenant, users.c.username == username))


async def _get(connection: AsyncConnection, tenant: TenantId, username: str) -> User:
    query = select(users).where(users.c.tenant == tenant, users.c.username == username)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"there is no user {username[:40]}")
    return _user(row)


async def _fits(connection: AsyncConnection, user: User) -> None:
    """The role and the team exist; an agent number belongs to an agent that exists, and to one user."""
    role = await role_of(connection, user.tenant, user.role)
    if role.needs_agent and user.agent_no is None:
        raise BadRequest(f"a user of role {user.role} has an agent_no")
    if user.team is not None and user.team not in await read_teams(connection, user.tenant):
        raise BadRequest(f"there is no team {user.team[:40]!r}")
    if user.agent_no is None:
        return
    its = (agents.c.tenant == user.tenant, agents.c.agent_no == user.agent_no)
    if await connection.scalar(select(agents.c.agent_no).where(*its)) is None:
        raise BadRequest(f"there is no agent {user.agent_no[:40]}")
    others = (users.c.tenant == user.tenant, users.c.agent_no == user.agent_no, users.c.username != user.username)
    if (taken := await connection.scalar(select(users.c.username).where(*others).limit(1))) is not None:
        raise Conflict(f"agent {user.agent_no} is the user {taken} already")


def _user(row: Any) -> User:
    return User(
        tenant=TenantId(row.tenant),
        username=row.username,
        role=row.role,
        agent_no=None if row.agent_no is None else AgentNo(row.agent_no),
        team=row.team,
        token_version=row.token_version,
        disabled=row.disabled,
        password_hash=row.password_hash,
    )

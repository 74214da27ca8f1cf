"""Prompts of the tenants: names, titles and every version that was ever made. Of the files it knows what is in them.

A version is of one language; the newest of a language is what callers hear. Old ones stay, so that any can come back.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store import meta, rules
from adapters.store.database import Database, insert_new
from adapters.store.prompt_tables import prompt_versions, prompts
from adapters.store.prompt_users import USERS, User
from adapters.store.tables import tenants
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import Instant, TenantId

VERSION: Final = "prompts_version"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    version: int
    language: str
    source: str
    """`text` or `upload`."""
    text: str
    milliseconds: int
    size: int
    sha256: str
    made_at: Instant
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """`heard` has the newest version of each language."""

    tenant: TenantId
    name: str
    id: str
    title: str
    created_at: Instant
    heard: Mapping[str, Version]


def new_id() -> str:
    """Names a folder: what people call a prompt never does."""
    return secrets.token_hex(8)


def checked_name(name: str) -> str:
    """The name itself; raises `BadRequest` when it is none."""
    if not _NAME.fullmatch(name):
        raise BadRequest(f"{name[:40]!r} is no name of a prompt (a-z, 0-9, - and _)")
    return name


class PromptStore:
    def __init__(self, database: Database, *, users: Sequence[User] = ()) -> None:
        self._database = database
        self._users = (*USERS, *users)

    async def version(self) -> int:
        """Rises with every change, by whomever."""
        async with self._database.reading() as connection:
            return int(await meta.read(connection, VERSION) or 0)

    async def everything(self) -> Sequence[Prompt]:
        """All prompts of all tenants, as they are heard."""
        async with self._database.reading() as connection:
            heard: dict[tuple[str, str], dict[str, Version]] = {}
            for row in await connection.execute(select(prompt_versions).order_by(prompt_versions.c.version)):
                heard.setdefault((row.tenant, row.prompt), {})[row.language] = _version(row)
            rows = await connection.execute(select(prompts).order_by(prompts.c.tenant, prompts.c.name))
            return [Prompt(**row._mapping, heard=heard.get((row.tenant, row.id), {})) for row in rows]

    async def has(self, tenant: TenantId, name: str) -> bool:
        """Whether the tenant has a prompt of this name."""
        async with self._database.reading() as connection:
            return await connection.scalar(select(prompts.c.name).where(*_its(tenant, name))) is not None

    async def versions(self, tenant: TenantId, name: str) -> Sequence[Version]:
        """All that were ever made, newest first."""
        version = prompt_versions.c
        async with self._database.reading() as connection:
            its = (version.tenant == tenant, version.prompt == (await _get(connection, tenant, name)).id)
            query = select(prompt_versions).where(*its).order_by(version.version.desc())
            return [_version(row) for row in await connection.execute(query)]

    async def next_version(self, tenant: TenantId, name: str) -> tuple[str, int]:
        """The id of a prompt, and the number that its next version has."""
        async with self._database.reading() as connection:
            id: str = (await _get(connection, tenant, name)).id
            its = (prompt_versions.c.tenant == tenant, prompt_versions.c.prompt == id)
            return id, (await connection.scalar(select(func.max(prompt_versions.c.version)).where(*its)) or 0) + 1

    async def create(self, tenant: TenantId, name: str, id: str, title: str, first: Version) -> None:
        """A new prompt with its first version. Raises `Conflict` when there is one of that name."""
        checked_name(name)
        row = {"tenant": tenant, "name": name, "id": id, "title": rules.words(title or name, "the title", 200)}
        async with self._database.writing() as connection:
            await meta.bump(connection, VERSION)
            if await connection.scalar(select(tenants.c.tenant).where(tenants.c.tenant == tenant)) is None:
                raise NotFound(f"there is no tenant {tenant[:40]}")
            made = {**row, "created_at": first.made_at}
            if (await connection.execute(insert_new(connection.dialect.name, prompts), made)).rowcount != 1:
                raise Conflict(f"the prompt {name} exists")
            await connection.execute(insert(prompt_versions), _row(tenant, id, first))

    async def add(self, tenant: TenantId, name: str, id: str, version: Version) -> None:
        """One more version. Raises `Conflict` when somebody was faster, or the prompt is now another one."""
        async with self._database.writing() as connection:
            await meta.bump(connection, VERSION)
            if (await _get(connection, tenant, name)).id != id:
                raise Conflict(f"the prompt {name} was made anew meanwhile")
            try:
                await connection.execute(insert(prompt_versions), _row(tenant, id, version))
            except IntegrityError:
                raise Conflict(f"somebody else has just changed the prompt {name}") from None

    async def rename(self, tenant: TenantId, name: str, title: str) -> None:
        """Give it another title; its name is what flows know it by, and stays."""
        title = rules.words(title, "the title", 200)
        async with self._database.writing() as connection:
            await meta.bump(connection, VERSION)
            await _get(connection, tenant, name)
            await connection.execute(update(prompts).where(*_its(tenant, name)).values(title=title))

    async def delete(self, tenant: TenantId, name: str, *, replaced: bool = False) -> str:
        """Remove the prompt with its versions and return its id. Refused while somebody plays it.

        `replaced`: a built-in prompt of this name takes its place, so that those who play it lose nothing.
        """
        async with self._database.writing() as connection:
            await meta.bump(connection, VERSION)
            id: str = (await _get(connection, tenant, name)).id
            for user in () if replaced else self._users:
                if (who := await user(connection, tenant, name)) is not None:
                    raise Conflict(f"{who} plays the prompt {name}")
            its = (prompt_versions.c.tenant == tenant, prompt_versions.c.prompt == id)
            await connection.execute(delete(prompt_versions).where(*its))
            await connection.execute(delete(prompts).where(*_its(tenant, name)))
            return id


def known_prompts(
    built_in: Collection[str],
) -> Callable[[AsyncConnection, TenantId], Awaitable[Mapping[str, Any]]]:
    """The field `prompts` of what a flow is checked against: a tenant's own, and the built-in ones."""

    async def known(connection: AsyncConnection, tenant: TenantId) -> Mapping[str, Any]:
        own = await connection.scalars(select(prompts.c.name).where(prompts.c.tenant == tenant))
        return {"prompts": frozenset(own).union(built_in)}

    return known


def _its(tenant: TenantId, name: str) -> tuple[Any, ...]:
    return prompts.c.tenant == tenant, prompts.c.name == name


async def _get(connection: AsyncConnection, tenant: TenantId, name: str) -> Any:
    row = (await connection.execute(select(prompts).where(*_its(tenant, name)))).one_or_none()
    if row is None:
        raise NotFound(f"there is no prompt {name[:40]} of your own")
    return row


def _row(tenant: TenantId, id: str, version: Version) -> dict[str, Any]:
    return {"tenant": tenant, "prompt": id, **asdict(version)}


def _version(row: Any) -> Version:
    return Version(**{key: value for key, value in row._mapping.items() if key not in ("tenant", "prompt")})

"""Who may sign in and what there is: answers from memory, edits in the database, and the edits of others noticed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict

from adapters.store.codes import Codes
from adapters.store.directory import DirectoryStore
from adapters.store.failures import StoreAway
from adapters.store.loading import Directory as Loaded
from adapters.store.roles import Roles
from adapters.store.skills import Skill as StoredSkill
from adapters.store.skills import Skills
from adapters.store.users import User as StoredUser
from adapters.store.users import Users
from adapters.web.ports import Skill, User
from cti.dispositions import Disposition
from cti.ids import AgentNo, DeviceName, QueueName, TenantId
from cti.people import Principal, principal
from cti.reasons import Reason
from cti.records import AgentProfile, QueueSettings
from cti.teams import Team, within

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


def spoken(queue: QueueSettings) -> Sequence[str]:
    """The prompts that a queue names."""
    return [*queue.comfort_prompts, *([queue.whisper] if queue.whisper else [])]


class People:
    """The web's `Directory`. `on_user` and `on_directory` are told what has changed, whoever changed it.

    `on_edit` is told that something has, this or something else that is edited with it.
    """

    def __init__(
        self,
        directory: DirectoryStore,
        users: Users,
        skills: Skills,
        roles: Roles,
        codes: Codes,
        *,
        refuse_silence: Callable[[TenantId, Sequence[str]], Awaitable[None]],
        on_user: Callable[[str], None],
        on_directory: Callable[[TenantId, Loaded], None],
        on_edit: Callable[[], None] = lambda: None,
    ) -> None:
        self._directory = directory
        self._users = users
        self._skills = skills
        self._roles = roles
        self._codes = codes
        self._refuse_silence = refuse_silence
        self._on_user = on_user
        self._on_directory = on_directory
        self._on_edit = on_edit
        self._known: Mapping[str, StoredUser] = {}
        self._principals: dict[str, Principal] = {}
        self._read: dict[TenantId, Loaded] = {}
        self._version = -1
        self._reading = asyncio.Lock()

    # --- keeping up ---

    async def refresh(self) -> None:
        """Read anew what has changed since the last look. Raises `StoreAway`."""
        async with self._reading:
            version = await self._directory.version()
            if version == self._version:
                return
            users = {user.username: user for user in await self._users.everybody()}
            for tenant in await self._directory.tenants():
                read = await self._directory.read(tenant.name)
                if self._read.get(tenant.name) != read:
                    self._read[tenant.name] = read
                    self._on_directory(tenant.name, read)
            self._known = users
            before, self._principals = self._principals, await self._signed_in(users)
            self._version = version
        self._on_edit()
        for name, who in before.items():
            if self._principals.get(name) != who:
                self._on_user(name)

    async def _signed_in(self, users: Mapping[str, StoredUser]) -> dict[str, Principal]:
        """Everybody as they are now: their role's permissions, their team's agents."""
        roles = {tenant: await self._roles.roles(tenant) for tenant in self._read}
        teams = {tenant: await self._roles.teams(tenant) for tenant in self._read}
        return {
            name: principal(
                user.tenant,
                name,
                user.role,
                user.agent_no,
                user.token_version,
                roles=roles[user.tenant],
                team=_team(user, teams[user.tenant], users.values()),
            )
            for name, user in users.items()
            if not user.disabled
        }

    async def watch(self) -> None:
        """Notice within a second what the command line or another server edits."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreAway:
                pass  # the store says so itself; people and boards go on with what is known

    # --- the web's port ---

    def current(self, username: str) -> Principal | None:
        return self._principals.get(username)

    async def password_hash(self, username: str) -> str | None:
        user = self._known.get(username)
        return None if user is None or user.disabled else user.password_hash

    async def revoke_tokens(self, tenant: TenantId, username: str) -> None:
        await self._users.revoke(tenant, username)
        await self.refresh()

    async def users(self, tenant: TenantId) -> Sequence[User]:
        return [_shown(user) for _, user in sorted(self._known.items()) if user.tenant == tenant]

    async def add_user(self, tenant: TenantId, user: User, password: str) -> None:
        await self._users.create(tenant, user.username, password, user.role, user.agent_no, team=user.team)
        await self.refresh()

    async def change_user(self, tenant: TenantId, user: User, password: str | None) -> None:
        await self._users.update(
            tenant,
            user.username,
            password=password,
            role=user.role,
            disabled=user.disabled,
            agent_no=user.agent_no,
            team=user.team,
        )
        await self.refresh()

    async def remove_user(self, tenant: TenantId, username: str) -> None:
        await self._users.delete(tenant, username)
        await self.refresh()

    def profile(self, tenant: TenantId, no: AgentNo) -> AgentProfile | None:
        return next((one for one in self.agents(tenant) if one.agent_no == no), None)

    def is_foreign(self, tenant: TenantId, device: DeviceName) -> bool:
        """Whether an agent of another tenant has that device."""
        others = (read for name, read in self._read.items() if name != tenant)
        return any(device in agent.devices for read in others for agent in read.agents)

    def agents(self, tenant: TenantId) -> Sequence[AgentProfile]:
        return self._read[tenant].agents if tenant in self._read else ()

    def queue_settings(self, tenant: TenantId, name: QueueName) -> QueueSettings | None:
        queues = self._read[tenant].queues if tenant in self._read else ()
        return next((one for one in queues if one.name == name), None)

    async def add_agent(self, tenant: TenantId, agent: AgentProfile) -> None:
        await self._directory.create_agent(tenant, agent)
        await self.refresh()

    async def change_agent(self, tenant: TenantId, agent: AgentProfile) -> None:
        await self._directory.update_agent(
            tenant, agent.agent_no, name=agent.name, devices=agent.devices, queues=agent.queues, skills=agent.skills
        )
        await self.refresh()

    async def remove_agent(self, tenant: TenantId, no: AgentNo) -> None:
        await self._directory.delete_agent(tenant, no)
        await self.refresh()

    async def add_queue(self, tenant: TenantId, queue: QueueSettings) -> None:
        await self._refuse_silence(tenant, spoken(queue))
        await self._directory.create_queue(tenant, queue)
        await self.refresh()

    async def change_queue(self, tenant: TenantId, queue: QueueSettings) -> None:
        before = self.queue_settings(tenant, queue.name)
        known = () if before is None else spoken(before)
        await self._refuse_silence(tenant, [one for one in spoken(queue) if one not in known])
        await self._directory.update_queue(tenant, queue.name, asdict(queue))
        await self.refresh()

    async def remove_queue(self, tenant: TenantId, name: QueueName) -> None:
        await self._directory.delete_queue(tenant, name)
        await self.refresh()

    async def skills(self, tenant: TenantId) -> Sequence[Skill]:
        return [Skill(name=one.name, title=one.title, agents=one.agents) for one in await self._skills.list(tenant)]

    async def put_skill(self, tenant: TenantId, name: str, title: str) -> None:
        await self._skills.put(tenant, StoredSkill(name=name, title=title))
        await self.refresh()

    async def remove_skill(self, tenant: TenantId, name: str) -> None:
        await self._skills.remove(tenant, name)
        await self.refresh()

    def reasons(self, tenant: TenantId) -> Sequence[Reason]:
        return self._read[tenant].reasons if tenant in self._read else ()

    async def put_reason(self, tenant: TenantId, reason: Reason, *, new: bool) -> None:
        await self._codes.put_reason(tenant, reason, new=new)
        await self.refresh()

    async def remove_reason(self, tenant: TenantId, code: str) -> None:
        await self._codes.remove_reason(tenant, code)
        await self.refresh()

    def dispositions(self, tenant: TenantId) -> Sequence[Disposition]:
        return self._read[tenant].dispositions if tenant in self._read else ()

    async def put_disposition(self, tenant: TenantId, disposition: Disposition, *, new: bool) -> None:
        await self._codes.put_disposition(tenant, disposition, new=new)
        await self.refresh()

    async def remove_disposition(self, tenant: TenantId, code: str) -> None:
        await self._codes.remove_disposition(tenant, code)
        await self.refresh()


def _shown(user: StoredUser) -> User:
    return User(
        username=user.username,
        role=user.role,
        agent_no=user.agent_no,
        team=user.team,
        disabled=user.disabled,
    )


def _team(user: StoredUser, teams: Mapping[str, Team], users: Iterable[StoredUser]) -> frozenset[AgentNo] | None:
    """The agents of a user's team and of those below it; None for whoever stands at the root."""
    if user.team is None:
        return None
    inside = within(user.team, teams.values())
    return frozenset(
        one.agent_no for one in users if one.tenant == user.tenant and one.team in inside and one.agent_no is not None
    )

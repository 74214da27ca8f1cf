"""The demonstration's tenant: queues, agents, users and VIPs. Done once; what people change afterwards stays changed.

Only when the logins themselves are new (somebody cleaned the lab, but not the database) are the passwords set again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from adapters.store import meta
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.lists import Lists
from adapters.store.passwords import Passwords
from adapters.store.users import Users
from cti.entry.entries import ListEntry
from cti.errors import Conflict, NotFound
from cti.ids import AgentNo, DeviceName, QueueName, TenantId
from cti.records import AgentProfile, QueueSettings

DEMO: Final = TenantId("demo")
_SEEDED: Final = "seeded:demo"
_VIP_PRIORITY: Final = 10
_MASKED: Final = "1006"  # who shows what a role without numbers is like
QUEUES: Final = (
    QueueSettings(name=QueueName("sales"), title="销售", strategy="least_calls"),
    QueueSettings(name=QueueName("support"), title="客服", strategy="shortest_talk"),
    QueueSettings(name=QueueName("billing"), title="账务", strategy="fastest_answer"),
    QueueSettings(name=QueueName("empty"), title="无人", strategy="least_calls"),
)
_SERVED: Final = tuple(queue.name for queue in QUEUES if queue.name != "empty")


async def seed_demo(
    database: Database,
    passwords: Passwords,
    credentials: Mapping[str, Any],
    names: Mapping[str, str],
    vips: Iterable[tuple[str, str]] = (),
) -> bool:
    """Make the tenant `demo` from credentials.json; False when it was there and its logins are the same.

    `names`: agent number -> the person's name. `vips`: number and name.
    """
    logins = msgspec.json.encode(credentials, order="deterministic").decode()
    async with database.reading() as connection:
        seeded = await meta.read(connection, _SEEDED)
    if seeded is not None and await passwords.matches(logins, seeded):
        return False
    users = Users(database, passwords)
    if seeded is None:
        await _make_tenant(database, credentials, names, vips)
    for login, role, agent in _logins(credentials):
        await _sign_in_possible(users, login, role, agent)
    hashed = await passwords.hash(logins)
    async with database.writing() as connection:
        await meta.write(connection, _SEEDED, hashed)
    return True


async def _make_tenant(
    database: Database, credentials: Mapping[str, Any], names: Mapping[str, str], vips: Iterable[tuple[str, str]]
) -> None:
    """A start that was interrupted goes on where it ended."""
    directory, lists = DirectoryStore(database), Lists(database)
    try:
        await directory.create_tenant(Tenant(name=DEMO, title="演示"))
    except Conflict:
        pass
    for queue in QUEUES:
        try:
            await directory.create_queue(DEMO, queue)
        except Conflict:
            pass
    for person in _people(credentials):
        try:
            await directory.create_agent(DEMO, _profile(person, names, credentials))
        except Conflict:
            pass
    for number, name in vips:
        await lists.put(DEMO, ListEntry(kind="vip", number=number, name=name, priority=_VIP_PRIORITY, reason="演示"))


def _people(credentials: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    yield from credentials.get("agents", ())
    yield from credentials.get("robots", ())
    if "supervisor" in credentials:
        yield credentials["supervisor"]


def _profile(person: Mapping[str, str], names: Mapping[str, str], credentials: Mapping[str, Any]) -> AgentProfile:
    no = person["agent_no"]
    phones = (person.get("sip_user", no), person.get("web_user", f"{no}-web"))
    is_supervisor = person is credentials.get("supervisor")
    return AgentProfile(
        agent_no=AgentNo(no),
        name=names.get(no, no),
        devices=tuple(DeviceName(phone) for phone in phones),
        queues=() if is_supervisor else _SERVED,
    )


def _logins(credentials: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, str], str, AgentNo | None]]:
    if "admin" in credentials:
        yield credentials["admin"], "admin", None
    for person in _people(credentials):
        yield person, _role(person, credentials), AgentNo(person["agent_no"])


def _role(person: Mapping[str, str], credentials: Mapping[str, Any]) -> str:
    if person is credentials.get("supervisor"):
        return "supervisor"
    return "masked_agent" if person["agent_no"] == _MASKED else "agent"


async def _sign_in_possible(users: Users, login: Mapping[str, str], role: str, agent: AgentNo | None) -> None:
    """The user is there and has this password; role and number of one who was there are left alone."""
    username, password = login["username"], login["password"]
    try:
        await users.create(DEMO, username, password, role, agent)
    except Conflict:
        try:
            await users.update(DEMO, username, password=password)
        except NotFound:
            pass  # of another tenant; that is not ours to change

"""Who may sign in, and the demonstration's people."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.lists import Lists
from adapters.store.passwords import Passwords
from adapters.store.seed import seed_demo
from adapters.store.users import Users
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, DeviceName, QueueName, TenantId
from cti.records import AgentProfile
from tests.adapters.store.story import DEMO, until

PASSWORD = "correct horse"
NO = AgentNo("1001")


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
async def users(database: Database, passwords: Passwords) -> Users:
    directory = DirectoryStore(database)
    await directory.create_agent(DEMO, AgentProfile(agent_no=NO, name="陈晓燕"))
    await directory.create_tenant(Tenant(name=TenantId("other"), title="别"))
    found = Users(database, passwords)
    await found.create(DEMO, "ana", PASSWORD, "agent", NO)
    return found


async def test_a_password_is_kept_as_argon2id_with_the_advised_cost(users: Users, passwords: Passwords) -> None:
    ana = await users.find("ana")
    assert ana is not None
    assert ana.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches(PASSWORD, ana.password_hash)
    assert not await passwords.matches(PASSWORD + " ", ana.password_hash)
    assert PASSWORD not in repr(ana)
    assert ana.password_hash not in repr(ana)


async def test_nobodys_password_is_never_right(passwords: Passwords) -> None:
    assert not await passwords.matches("nobody at all", None)
    assert not await passwords.matches("", "no hash")
    assert not await passwords.matches("\ud800", await passwords.hash("x"))


async def test_a_wave_of_sign_ins_holds_up_two_threads_and_not_the_loop(passwords: Passwords) -> None:
    slow = SlowHasher()
    passwords._hasher = slow  # type: ignore[assignment]
    wave = asyncio.gather(*(passwords.hash("x") for _ in range(6)))
    await until(lambda: slow.at_work == 2)
    ticks = iter(range(10))
    await until(lambda: next(ticks, None) is None)
    assert slow.at_work == 2
    slow.go.set()
    assert await wave == ["hashed"] * 6
    assert slow.most == 2


class SlowHasher:
    """Takes its time until told to go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.at_work = self.most = 0
        self._counting = threading.Lock()

    def hash(self, password: str) -> str:
        with self._counting:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        self.go.wait(10)
        with self._counting:
            self.at_work -= 1
        return "hashed"


async def test_a_user_name_is_one_over_all_tenants(users: Users) -> None:
    with pytest.raises(Conflict):
        await users.create(TenantId("other"), "ana", PASSWORD, "admin")
    with pytest.raises(NotFound):
        await users.get(TenantId("other"), "ana")
    assert (await users.list(TenantId("other"))).total == 0


async def test_a_new_password_makes_older_tokens_void_and_a_new_role_does_not(users: Users) -> None:
    changes: list[tuple[dict[str, Any], int]] = [
        ({"password": "another one"}, 1), ({"role": "supervisor"}, 1), ({"disabled": True}, 2), ({"agent_no": None}, 2),
    ]  # fmt: skip
    for change, version in changes:
        assert (await users.update(DEMO, "ana", **change)).token_version == version
    assert await users.revoke(DEMO, "ana") == 3
    ana = await users.get(DEMO, "ana")
    assert (ana.role, ana.disabled, ana.agent_no) == ("supervisor", True, None)


async def test_an_agent_who_goes_leaves_a_user_without_a_number(users: Users, database: Database) -> None:
    await DirectoryStore(database).delete_agent(DEMO, NO)
    ana = await users.get(DEMO, "ana")
    assert (ana.agent_no, ana.token_version) == (None, 1)


async def test_a_user_that_makes_no_sense_is_refused(users: Users) -> None:
    for username, password, role, agent in (
        ("a b", PASSWORD, "admin", None),
        ("bo", "short", "admin", None),
        ("bo", PASSWORD, "root", None),
        ("bo", PASSWORD, "agent", None),
        ("bo", PASSWORD, "agent", AgentNo("9999")),
    ):
        with pytest.raises(BadRequest):
            await users.create(DEMO, username, password, role, agent)
    assert (await users.list(DEMO)).total == 1


async def test_one_agent_is_one_user(users: Users) -> None:
    with pytest.raises(Conflict):
        await users.create(DEMO, "bo", PASSWORD, "agent", NO)


async def test_users_are_listed_by_name(users: Users) -> None:
    for name in ("zoe", "bo", "Carl"):
        await users.create(DEMO, name, PASSWORD, "admin")
    page = await users.list(DEMO, limit=2)
    rest = await users.list(DEMO, limit=2, cursor=page.next)
    names = [one.username for one in (*page.items, *rest.items)]
    assert (sorted(names), page.total, rest.next) == (["Carl", "ana", "bo", "zoe"], 4, None)
    assert [one.username for one in (await users.list(DEMO, search="1001")).items] == ["ana"]
    assert {one.username for one in await users.everybody()} == set(names)
    await users.delete(DEMO, "zoe")
    assert await users.find("zoe") is None


def _credentials(password: str = "first password") -> dict[str, Any]:
    def person(no: str) -> dict[str, str]:
        return {"agent_no": no, "username": no, "password": password, "sip_user": no, "web_user": f"{no}-web"}

    return {
        "base_url": "http://127.0.0.1:8080",
        "admin": {"username": "admin", "password": password},
        "supervisor": person("1900"),
        "agents": [person("1001"), person("1002")],
        "robots": [person("1101")],
    }


@pytest.fixture
async def bare(url: str) -> Any:
    found = Database(url)
    yield found
    await found.close()


async def test_the_demonstration_has_its_queues_and_people(bare: Database, passwords: Passwords) -> None:
    assert await seed_demo(bare, passwords, _credentials(), {"1001": "陈晓燕"}, [("13800000001", "欧阳娜娜")])

    demo = await DirectoryStore(bare).read(DEMO)
    assert {queue.name: (queue.title, queue.strategy) for queue in demo.queues} == {
        "sales": ("销售", "least_calls"),
        "support": ("客服", "shortest_talk"),
        "billing": ("账务", "fastest_answer"),
        "empty": ("无人", "least_calls"),
    }
    assert {(queue.ring_seconds, queue.acw_seconds) for queue in demo.queues} == {(15, 10)}
    assert demo.timezone == "Asia/Shanghai"
    assert demo.vips == {"+8613800000001": 10}
    people = {one.agent_no: one for one in demo.agents}
    assert sorted(people) == ["1001", "1002", "1101", "1900"]
    assert people[NO].name == "陈晓燕"
    assert people[NO].devices == ("1001", "1001-web")
    assert people[AgentNo("1101")].queues == ("billing", "sales", "support")
    assert (people[AgentNo("1900")].queues, people[AgentNo("1900")].devices) == ((), ("1900", "1900-web"))
    users = Users(bare, passwords)
    found = {one.username: (one.role, one.agent_no) for one in (await users.list(DEMO)).items}
    assert found == {
        "admin": ("admin", None),
        "1001": ("agent", "1001"),
        "1002": ("agent", "1002"),
        "1101": ("agent", "1101"),
        "1900": ("supervisor", "1900"),
    }


async def test_seeding_again_keeps_what_people_changed(bare: Database, passwords: Passwords) -> None:
    await seed_demo(bare, passwords, _credentials(), {}, [("1", "x")])
    directory, users = DirectoryStore(bare), Users(bare, passwords)
    await directory.delete_queue(DEMO, QueueName("billing"))
    await directory.update_agent(DEMO, NO, name="改名", devices=[DeviceName("1001")])
    await users.update(DEMO, "1001", password="my own secret")
    await Lists(bare).remove_older(DEMO, "vip")
    before = await directory.read(DEMO)

    assert not await seed_demo(bare, passwords, _credentials(), {}, [("1", "x")])
    assert await directory.read(DEMO) == before
    changed = await users.get(DEMO, "1001")
    assert await passwords.matches("my own secret", changed.password_hash)


async def test_new_logins_are_good_at_once(bare: Database, passwords: Passwords) -> None:
    await seed_demo(bare, passwords, _credentials(), {})
    await DirectoryStore(bare).delete_queue(DEMO, QueueName("billing"))
    assert await seed_demo(bare, passwords, _credentials("second password"), {})
    user = await Users(bare, passwords).get(DEMO, "1001")
    assert await passwords.matches("second password", user.password_hash)
    assert len((await DirectoryStore(bare).read(DEMO)).queues) == 3

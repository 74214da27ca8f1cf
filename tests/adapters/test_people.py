"""Who may do what, as a running server knows it: edits of roles and teams take hold of those who are signed in."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from adapters.organisation import Organisation
from adapters.people import People
from adapters.prompts import refuse_silence
from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore, Tenant
from adapters.store.loading import Directory
from adapters.store.passwords import Passwords
from adapters.store.roles import Roles
from adapters.store.skills import Skills
from adapters.store.users import Users
from adapters.web.ports import User
from cti.dispositions import Disposition
from cti.errors import BadRequest
from cti.ids import AgentNo, QueueName, TenantId
from cti.permissions import CALLS_SEE, NUMBERS_SEE, OWN_DESK, Role, Scope
from cti.reasons import Reason
from cti.records import AgentProfile, QueueSettings
from cti.teams import Team

DEMO = TenantId("demo")
NIGHT = Role(name="night", title="夜班", title_en="Night", permissions={OWN_DESK: Scope.OWN, NUMBERS_SEE: Scope.TENANT})


@dataclass
class Office:
    """Everything about people in one small database; `told` is who was looked at anew."""

    database: Database
    told: list[str] = field(default_factory=list)
    blind: set[AgentNo] = field(default_factory=set)
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        roles = Roles(self.database)
        self.people = People(
            DirectoryStore(self.database),
            Users(self.database, Passwords()),
            Skills(self.database),
            roles,
            Codes(self.database),
            refuse_silence=partial(refuse_silence, self.database),
            on_user=self.told.append,
            on_directory=self._read,
        )
        self.organisation = Organisation(roles, self.people.refresh)

    def _read(self, _tenant: TenantId, read: Directory) -> None:
        self.blind.update(agent.agent_no for agent in read.agents if not agent.sees_numbers)
        self.codes = [*(one.code for one in read.reasons), *(one.code for one in read.dispositions)]

    async def add(self, username: str, role: str, no: str | None = None, team: str | None = None) -> None:
        agent = None if no is None else AgentNo(no)
        user = User(username=username, role=role, agent_no=agent, team=team)
        await self.people.add_user(DEMO, user, f"secret of {username}")


@pytest.fixture
async def office(migrated: Path, tmp_path: Path) -> AsyncIterator[Office]:
    shutil.copy(migrated, tmp_path / "cti.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    directory = DirectoryStore(database)
    await directory.create_tenant(Tenant(name=DEMO, title="演示"))
    for no in ("1001", "1002", "1900"):
        await directory.create_agent(DEMO, AgentProfile(agent_no=AgentNo(no), name=no))
    yield Office(database)
    await database.close()


async def test_a_password_given_over_the_interface_signs_in(office: Office) -> None:
    await office.add("ana", "agent", "1001")
    hashed = await office.people.password_hash("ana")
    assert hashed is not None
    assert "secret" not in hashed
    assert await Passwords().matches("secret of ana", hashed)
    ana = (await office.people.users(DEMO))[0]
    await office.people.change_user(DEMO, ana, "another one")
    assert await Passwords().matches("another one", await office.people.password_hash("ana"))


async def test_a_changed_role_takes_hold_of_its_holders_and_their_tokens_stay_good(office: Office) -> None:
    await office.organisation.add_role(DEMO, NIGHT)
    await office.add("ana", "night", "1001")
    await office.add("bo", "agent", "1002")
    before = office.people.current("ana")
    changed = replace(NIGHT, permissions={OWN_DESK: Scope.OWN, CALLS_SEE: Scope.TEAM})
    await office.organisation.change_role(DEMO, changed)
    after = office.people.current("ana")
    assert before is not None
    assert after is not None
    assert (before.may(CALLS_SEE), after.may(CALLS_SEE), after.may(NUMBERS_SEE)) == (False, True, False)
    assert after.token_version == before.token_version
    assert office.told == ["ana"]
    assert office.blind == {"1001"}, "the phone of an agent whose role lost its sight shows no numbers from now on"


async def test_a_team_is_who_stands_in_it_and_below_it(office: Office) -> None:
    for name, parent in (("north", None), ("harbin", "north"), ("south", None)):
        await office.organisation.add_team(DEMO, Team(name=name, title=name, parent=parent))
    await office.add("lead", "supervisor", "1900", "north")
    await office.add("ana", "agent", "1001", "harbin")
    await office.add("bo", "agent", "1002", "south")
    lead = office.people.current("lead")
    assert lead is not None
    assert lead.team == frozenset(map(AgentNo, ("1900", "1001")))
    await office.organisation.change_team(DEMO, Team(name="south", title="", parent="harbin"))
    moved = office.people.current("lead")
    assert moved is not None
    assert moved.team == frozenset(map(AgentNo, ("1900", "1001", "1002")))
    assert "lead" in office.told
    root = next(user for user in await office.people.users(DEMO) if user.username == "lead")
    await office.people.change_user(DEMO, User(username="lead", role=root.role, agent_no=root.agent_no), None)
    risen = office.people.current("lead")
    assert risen is not None
    assert risen.team is None
    assert risen.token_version == 0


async def test_what_agents_may_say_is_in_force_when_the_edit_returns(office: Office) -> None:
    people = office.people
    await people.put_reason(DEMO, Reason(code="lunch", order=1), new=True)
    await people.put_disposition(DEMO, Disposition(code="sold"), new=True)
    assert office.codes == ["lunch", "busy", "break", "away", "sold"]
    assert [one.code for one in people.reasons(DEMO)] == ["lunch", "busy", "break", "away"]
    assert [one.code for one in people.dispositions(DEMO)] == ["sold"]
    await people.remove_reason(DEMO, "lunch")
    await people.remove_disposition(DEMO, "sold")
    assert office.codes == ["busy", "break", "away"]
    nobody = TenantId("nobody")
    assert (list(people.reasons(nobody)), list(people.dispositions(nobody))) == ([], [])


async def test_a_queue_names_no_prompt_that_is_not_there_and_may_keep_one_that_is_gone(office: Office) -> None:
    silent = QueueSettings(name=QueueName("quiet"), whisper="nothing")
    with pytest.raises(BadRequest, match="nothing"):
        await office.people.add_queue(DEMO, silent)
    await office.people.add_queue(DEMO, replace(silent, whisper="support"))
    with pytest.raises(BadRequest, match="nothing"):
        await office.people.change_queue(DEMO, replace(silent, comfort_prompts=("nothing",)))
    await DirectoryStore(office.database).update_queue(DEMO, silent.name, {"whisper": "nothing"})
    await office.people.refresh()
    await office.people.change_queue(DEMO, replace(silent, title="别的"))

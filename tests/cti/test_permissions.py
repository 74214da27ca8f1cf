"""The table of permissions, its copy in the documents, and what may be given away."""

import re
from pathlib import Path

import pytest

from cti.errors import BadRequest
from cti.ids import AgentNo, QueueName, TenantId
from cti.people import Principal, Reach, calls_for, principal, queues_for
from cti.permissions import AGENTS_SEE, CALLS_SEE, NUMBERS_SEE, PERMISSIONS, ROLES, Scope, exceeds, permissions_of

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
WORDS = {"–": None, "own": Scope.OWN, "team": Scope.TEAM, "all": Scope.TENANT}
ANA, BO, LEAD = AgentNo("1001"), AgentNo("1002"), AgentNo("1900")


def test_the_page_has_the_table_as_it_is() -> None:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines()]
    told = {row[0]: row[1:] for row in rows if len(row) == len(ROLES) + 1}
    assert told.pop("permission") == list(ROLES)
    told.pop("---")
    assert list(told) == list(PERMISSIONS)
    for permission, cells in told.items():
        assert [WORDS[cell] for cell in cells] == [role.permissions.get(permission) for role in ROLES.values()]
    titles = {row[0]: (row[1], row[2]) for row in rows if len(row) == 3 and row[0] in ROLES}
    assert titles == {role.name: (role.title, role.title_en) for role in ROLES.values()}
    assert all(re.search(r"[\u4e00-\u9fff]", role.title) for role in ROLES.values())


@pytest.mark.parametrize(
    "words", [{"calls.fly": "own"}, {CALLS_SEE: "Team"}, {CALLS_SEE: "everything"}, {CALLS_SEE: ""}]
)
def test_words_that_mean_no_permission_are_refused(words: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        permissions_of(words)


def test_nobody_gives_what_they_have_not_got() -> None:
    boss = ROLES["supervisor"].permissions
    assert exceeds(ROLES["agent"].permissions, boss) is None
    assert exceeds(ROLES["senior_agent"].permissions, boss) is None
    assert exceeds(ROLES["admin"].permissions, boss) is not None
    assert exceeds({NUMBERS_SEE: Scope.TENANT}, ROLES["quality"].permissions) == NUMBERS_SEE
    assert exceeds({CALLS_SEE: Scope.TENANT}, {CALLS_SEE: Scope.TEAM}) == CALLS_SEE
    assert exceeds({CALLS_SEE: Scope.OWN, AGENTS_SEE: Scope.TENANT}, {}) is None


def served(no: AgentNo) -> tuple[QueueName, ...]:
    return {ANA: (QueueName("sales"),), BO: (QueueName("support"),)}.get(no, ())


def lead(team: set[AgentNo] | None) -> Principal:
    within = None if team is None else frozenset(team)
    return principal(TenantId("demo"), "lead", "supervisor", LEAD, team=within)


def test_a_team_reaches_its_agents_their_queues_and_their_calls() -> None:
    me = lead({ANA})
    assert (me.reaches(CALLS_SEE, ANA), me.reaches(CALLS_SEE, BO), me.reaches(CALLS_SEE, LEAD)) == (True, False, True)
    assert not me.reaches(CALLS_SEE, None)
    assert queues_for(me, CALLS_SEE, served) == frozenset({QueueName("sales")})
    reach = calls_for(me, CALLS_SEE, served)
    assert reach == Reach(frozenset({ANA, LEAD}), frozenset({QueueName("sales")}))
    assert reach.holds([], QueueName("sales"))
    assert reach.holds([ANA], QueueName("support"))
    assert not reach.holds([BO], QueueName("support"))


def test_at_the_root_a_team_is_everybody() -> None:
    me = lead(None)
    assert me.reaches(CALLS_SEE, BO)
    assert me.reaches(CALLS_SEE, None)
    assert calls_for(me, CALLS_SEE, served) is None
    assert queues_for(me, CALLS_SEE, served) is None


def test_an_agent_reaches_their_own_calls_from_the_offer_on_and_no_callers_of_the_queue() -> None:
    me = principal(TenantId("demo"), "ana", "agent", ANA)
    assert calls_for(me, CALLS_SEE, served) == Reach(frozenset({ANA}))
    assert calls_for(principal(TenantId("demo"), "x", "field_service"), CALLS_SEE, served) == Reach()

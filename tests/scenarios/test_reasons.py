"""Reasons: what agents may say for not being ready, and what becomes of those who are so for too long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cti.ids import AgentNo
from cti.reasons import PRESETS, Reason, with_presets
from cti.shapes import agent_shape
from tests.scenarios.test_reconcile import restarted
from tests.world import World

BREAK = replace(PRESETS["break"], limit_seconds=600)
MEAL = Reason(code="meal", title="用餐", title_en="Meal", limit_seconds=1800)


def world_of(*own: Reason) -> World:
    world = World("1001", reasons=with_presets(own or (BREAK, MEAL)))
    world.ready("1001")
    return world


def shown(world: World) -> dict[str, Any]:
    return agent_shape(world.board.agents[AgentNo("1001")])


def warnings(world: World) -> int:
    return world.news().count("agent.overstayed")


def test_who_is_on_a_break_for_too_long_is_told_of_once_and_shown_so_until_the_break_ends() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break")
    began = shown(world)["status_since"]
    assert (shown(world)["reason_code"], shown(world)["over_limit"]) == ("break", False)
    world.passes(599)
    assert warnings(world) == 0
    world.passes(1)
    assert world.last("agent.overstayed") == {
        "agent_no": "1001",
        "name": "Agent 1001",
        "reason": "break",
        "reason_code": "break",
        "title": "小休",
        "title_en": "Break",
        "since": began,
        "limit_seconds": 600,
    }
    assert world.last("agent.updated")["over_limit"] is True
    world.status("1001", "not_ready", "break")
    world.passes(3600)
    assert warnings(world) == 1
    assert world.says("1001") == ("not_ready", "break")
    world.ready("1001")
    assert (shown(world)["over_limit"], shown(world)["reason_until"], shown(world)["reason_code"]) == (
        False,
        None,
        None,
    )


@pytest.mark.parametrize("words", ["meal", "用餐", "Meal"])
def test_a_reason_is_known_by_its_code_and_by_its_titles_and_stays_as_it_was_said(words: str) -> None:
    world = world_of()
    world.status("1001", "not_ready", words)
    assert world.says("1001") == ("not_ready", words)
    assert shown(world)["reason_code"] == "meal"
    world.passes(1800)
    assert warnings(world) == 1


@pytest.mark.parametrize("words", ["修打印机", "MEAL", "no_answer", None])
def test_any_other_words_are_a_reason_too_and_have_no_limit(words: str | None) -> None:
    world = world_of()
    world.status("1001", "not_ready", words)
    assert world.says("1001") == ("not_ready", words)
    assert (shown(world)["reason_code"], shown(world)["reason_until"]) == (None, None)
    world.passes(86_400)
    assert warnings(world) == 0


def test_a_reason_that_is_not_in_use_any_more_has_no_limit() -> None:
    world = world_of(replace(BREAK, active=False))
    world.status("1001", "not_ready", "break")
    world.passes(86_400)
    assert warnings(world) == 0


def test_a_code_means_more_than_a_title_of_another() -> None:
    world = world_of(Reason(code="tea", title="meal", limit_seconds=60), MEAL)
    world.status("1001", "not_ready", "meal")
    assert shown(world)["reason_code"] == "meal"


def test_each_reason_counts_from_when_it_was_given() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break")
    world.passes(500)
    world.status("1001", "not_ready", "meal")
    world.passes(1799)
    assert warnings(world) == 0
    world.status("1001", "not_ready", "break")
    world.passes(599)
    assert warnings(world) == 0
    world.passes(1)
    assert warnings(world) == 1


def test_a_reason_given_in_a_call_counts_from_its_end() -> None:
    world = world_of()
    call = world.caller_joins()
    world.answers(call)
    world.status("1001", "not_ready", "break")
    world.passes(3600)
    assert warnings(world) == 0
    world.caller_leaves(call)
    assert world.says("1001") == ("not_ready", "break")
    world.passes(600)
    assert warnings(world) == 1


def test_a_break_goes_on_over_a_restart_and_its_end_is_told_once() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break")
    world.passes(300)
    restarted(world)
    world.passes(299)
    assert warnings(world) == 0
    world.passes(1)
    assert warnings(world) == 1
    restarted(world)
    world.passes(3600)
    assert warnings(world) == 0
    assert shown(world)["over_limit"] is True


def test_what_ran_out_while_the_server_was_away_is_told_when_it_is_back() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break")
    world.timers.clear()
    world.passes(1000)
    restarted(world)
    world.passes(0)
    assert warnings(world) == 1
    assert world.last("agent.overstayed")["since"] == shown(world)["status_since"]


def test_a_limit_that_is_changed_counts_for_those_who_are_away_already() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break")
    world.passes(600)
    assert shown(world)["over_limit"] is True
    world.reasons = with_presets((replace(BREAK, limit_seconds=900),))
    world.edited()
    assert shown(world)["over_limit"] is False
    world.passes(300)
    assert (shown(world)["over_limit"], warnings(world)) == (True, 2)
    world.reasons = with_presets(())
    world.edited()
    assert (shown(world)["over_limit"], shown(world)["reason_until"]) == (False, None)
    world.passes(3600)
    assert warnings(world) == 2


def test_a_limit_that_is_new_and_over_already_is_told_at_once() -> None:
    world = world_of(MEAL)
    world.status("1001", "not_ready", "小休")
    world.passes(900)
    world.reasons = with_presets((BREAK,))
    world.edited()
    world.passes(0)
    assert warnings(world) == 1


def test_an_agent_who_has_left_the_directory_costs_nothing() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break")
    world.profiles = ()
    world.edited()
    world.passes(3600)
    assert warnings(world) == 0


def test_a_forced_reason_has_the_same_limit() -> None:
    world = world_of()
    world.status("1001", "not_ready", "break", forced=True)
    world.passes(600)
    assert warnings(world) == 1


def test_a_tenants_own_words_take_the_place_of_a_preset_and_stand_in_order() -> None:
    own = (Reason(code="tea", order=15), replace(BREAK, title="喝茶", order=5))
    found = with_presets(own)
    assert [one.code for one in found] == ["break", "busy", "tea", "away"]
    assert found[0].title == "喝茶"

"""Which calls are recorded: the strictest word wins, and a percentage means what it says."""

from __future__ import annotations

import pytest

from cti.ids import CallId
from cti.recording.policy import Decision, RecordingRules, decide, is_rule, is_sound, share

CALL = CallId("1795399200-1-000000")


def ruled(default: str = "", *, queue: str = "", number: str = "", agent: str = "", wish: str = "") -> Decision:
    rules = RecordingRules(default=default, queues={"sales": queue}, numbers={"4001": number}, agents={"1001": agent})
    return decide(rules, CALL, queue="sales", dialled="4001", agent="1001", wish=wish)


@pytest.mark.parametrize(
    ("rules", "mode", "reason"),
    [
        ({}, "", "no rule asks for it"),
        ({"default": "always"}, "always", "the tenant: always"),
        ({"default": "always", "queue": "on_demand"}, "on_demand", "queue sales: on demand"),  # the tenant speaks last
        ({"queue": "always", "agent": "never"}, "", "agent 1001: never"),
        ({"queue": "never", "wish": "always"}, "", "queue sales: never"),  # nobody overrules a never
        ({"queue": "on_demand", "number": "always"}, "always", "number 4001: always"),
        ({"queue": "on_demand", "wish": "always"}, "always", "the call: always"),
        ({"queue": "always", "wish": "'; DROP"}, "always", "queue sales: always"),  # no rule, so it says nothing
    ],
)
def test_the_strictest_word_wins(rules: dict[str, str], mode: str, reason: str) -> None:
    found = ruled(**rules)

    assert (found.mode, found.reason) == (mode, reason)
    assert found.forbidden == ("never" in reason)


def test_a_call_of_ours_is_judged_by_the_number_dialled_and_by_the_one_it_shows() -> None:
    rules = RecordingRules(numbers={"4000": "on_demand", "+8613900001111": "always"})

    assert decide(rules, CALL, dialled="+8613900002222", shown="4000", agent="1001").mode == "on_demand"
    assert decide(rules, CALL, dialled="+8613900001111", shown="4000", agent="1001").mode == "always"
    assert decide(rules, CALL, dialled="+8613900002222", shown="", agent="1001").mode == ""


def test_a_percentage_takes_that_share_of_calls_and_the_same_ones_each_time() -> None:
    calls = [CallId(f"{1795399200 + n}-{n}-{n:06}") for n in range(5000)]
    rules = RecordingRules(queues={"sales": "30%"})

    taken = [call for call in calls if decide(rules, call, queue="sales").mode == "sampled"]

    assert len(taken) / len(calls) == pytest.approx(0.3, abs=0.03)
    assert taken == [call for call in calls if decide(rules, call, queue="sales").mode == "sampled"]
    assert all(share(call) < 30 for call in taken)


def test_a_call_outside_the_share_can_still_be_recorded_on_demand() -> None:
    outside = next(CallId(f"1-{n}-000000") for n in range(1000) if share(CallId(f"1-{n}-000000")) >= 1)
    rules = RecordingRules(queues={"sales": "1%"}, agents={"1001": "on_demand"})

    assert decide(rules, outside, queue="sales", agent="1001").mode == "on_demand"
    assert decide(rules, outside, queue="sales", agent="1002") == Decision("", "queue sales: not among the 1 %")


@pytest.mark.parametrize("word", ["0%", "101%", "1.5%", "%", "Always", "on demand", "always\n", "007%"])
def test_a_word_that_is_no_rule_is_none(word: str) -> None:
    assert not is_rule(word)


@pytest.mark.parametrize("name", ["a,b", "../etc/passwd", "/abs", "a&b", "${X}", "a b", "x" * 200, "a//b", "a/"])
def test_an_announcement_is_a_plain_name(name: str) -> None:
    assert not is_sound(name)
    assert is_sound("zh/recording-notice")


@pytest.mark.parametrize("rule", ["01065529988", "+861065529988", "0086 10 6552 9988"])
@pytest.mark.parametrize("dialled", ["01065529988", "+861065529988"])
def test_a_rule_for_a_number_means_that_number_however_either_is_written(rule: str, dialled: str) -> None:
    rules = RecordingRules(numbers={"4001": "never", rule: "always"})
    assert decide(rules, CallId("1-1"), dialled=dialled).mode == "always"
    assert decide(rules, CallId("1-1"), dialled="02165529988").mode == ""

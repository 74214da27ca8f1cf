"""What the directory takes is what a phone, a URL and a person can live with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from adapters.store import rules
from cti.errors import BadRequest
from cti.ids import QueueName
from cti.records import AgentProfile, QueueSettings
from cti.routing import strategies


@pytest.mark.parametrize(
    "changes",
    [
        {"agent_no": ""},
        {"agent_no": "1" * 17},
        {"agent_no": "10 01"},
        {"agent_no": "1001\n"},
        {"agent_no": "${X}"},
        {"name": ""},
        {"name": " \t"},
        {"name": "x" * 81},
        {"devices": ("PJSIP/1001",)},
        {"devices": ("1001,Local/x",)},
        {"devices": ("1001", "1001")},
        {"devices": tuple(str(n) for n in range(9))},
    ],
)
def test_an_agent_that_no_phone_could_ring_is_refused(changes: dict[str, Any]) -> None:
    good: dict[str, Any] = {"agent_no": "1002", "name": "李志强", "devices": ("1002",)}
    rules.agent(AgentProfile(**good))
    with pytest.raises(BadRequest):
        rules.agent(AgentProfile(**{**good, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": "by_magic"},
        {"window": "year"},
        {"ring_seconds": 0},
        {"ring_seconds": 301},
        {"acw_seconds": -1},
        {"title": "x" * 81},
        {"name": ""},
        {"name": "Sales"},
        {"name": "sal es"},
        {"name": "销售"},
        {"name": "a" * 41},
        {"name": "-x"},
        {"name": "../etc"},
        {"name": "sales\n"},
    ],
)
def test_a_queue_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        rules.queue(QueueSettings(**{"name": QueueName("sales"), **changes}), strategies)


def test_a_queue_without_a_title_has_its_name() -> None:
    assert rules.queue(QueueSettings(name=QueueName("sales")), strategies).title == "sales"


@pytest.mark.parametrize("name", ["", "a b", "a" * 65, "bo\n", ".bo", "bö"])
def test_a_user_name_is_short_and_plain(name: str) -> None:
    with pytest.raises(BadRequest):
        rules.username(name)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_a_password_is_neither_guessed_nor_endless(password: str) -> None:
    with pytest.raises(BadRequest):
        rules.password(password)


@pytest.mark.parametrize(
    ("written", "compared"),
    [("+86 138-0000-0001", "+8613800000001"), ("(010) 6552.9988", "01065529988"), ("*97#", "*97#")],
)
def test_a_number_is_compared_without_its_punctuation(written: str, compared: str) -> None:
    assert rules.number(written) == compared


@pytest.mark.parametrize("number", ["", "abc", "1" * 33, "++1", "1+", "１２３"])
def test_a_number_that_no_caller_has_is_refused(number: str) -> None:
    with pytest.raises(BadRequest):
        rules.number(number)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "", "\x00"])
def test_a_tenant_lives_in_a_time_zone(zone: str) -> None:
    with pytest.raises(BadRequest):
        rules.timezone(zone)


def test_a_crm_is_on_the_web() -> None:
    assert rules.pop_url("") == ""
    assert rules.pop_url("https://crm.example/?n={number}") == "https://crm.example/?n={number}"
    with pytest.raises(BadRequest):
        rules.pop_url("javascript:alert(1)")


def test_a_name_keeps_every_letter_and_is_one_line() -> None:
    assert rules.words(" 𠮷野家 🧑‍🚀 محمد ", "the name") == "𠮷野家 🧑‍🚀 محمد"
    assert rules.words("a\r\nb\u2028c\ud800", "the name") == "a\ufffd\ufffdb\ufffdc\ufffd"
    with pytest.raises(BadRequest):
        rules.between(7, 1, 6, "x")
    with pytest.raises(BadRequest):
        rules.role("Root!")
    with pytest.raises(BadRequest):
        rules.kind("friends")


def test_no_queue_is_named_like_a_step_of_the_waiting_room() -> None:
    plan = (Path(__file__).parents[3] / "dialplans/cti-wait.conf").read_text(encoding="utf-8")
    steps = set(re.findall(r"^exten => (\w+),", plan.partition("[cti-wait]")[2].partition("\n[")[0], re.MULTILINE))
    assert {"over", "say", "h"} <= steps
    for step in steps:
        with pytest.raises(BadRequest):
            rules.queue(QueueSettings(name=QueueName(step)), strategies)

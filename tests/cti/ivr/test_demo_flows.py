"""The flows that come with the product are fit to be published, and do what their first line says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.flow_text import read
from adapters.voice.builtin import names
from cti.ids import AgentNo, Instant, QueueName
from cti.ivr.check import Known, check
from cti.ivr.flow import Flow, from_dict, to_dict
from cti.ivr.outcome import Broken, Callback, End, HangUp, Left, ToAgent, ToQueue, Voicemail
from cti.ivr.ports import Ports
from cti.ivr.simulate import simulate
from tests.cti.ivr.flows import CALLER, PORTS, heard, walk, way

FILES = sorted((Path(__file__).parents[3] / "dialplans" / "flows").glob("*.yaml"))
FLOWS: Mapping[str, Flow] = {file.stem: from_dict(read(file.read_text(encoding="utf-8"))) for file in FILES}
QUEUES = ("sales", "support", "billing", "skills-demo")


def ports(periods: Sequence[str] = (), customer: Mapping[str, object] | None = None) -> Ports:
    def hours(schedule: str, _at: Instant) -> Sequence[str]:
        return periods if schedule == "office" else ()

    async def found(_number: str) -> Mapping[str, object] | None:
        return customer

    return replace(PORTS, flow=FLOWS.get, hours=hours, customer=found)


def to(queue: str, priority: int = 0) -> ToQueue:
    return ToQueue(queue=QueueName(queue), priority=priority)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_demo_flow_can_be_published_as_it_is(file: Path) -> None:
    flow = FLOWS[file.stem]
    assert flow.name == file.stem
    known = Known(queues=QUEUES, flows=FLOWS, schedules=["office"], boxes=["main"], prompts=names(), agents=())
    assert check(flow, known) == ()
    assert from_dict(to_dict(flow)) == flow


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (["1"], to("sales")),
        (["2"], to("support")),
        (["3"], to("billing")),
        (["0"], to("sales", 10)),
        (["!2"], to("support")),
        (["9", "8", "7"], to("sales")),
        (["", "", "3"], to("billing")),
        ([], to("sales")),
        (["hangup"], Left()),
    ],
)
async def test_the_main_number_leads_where_the_caller_presses(events: list[str], end: End) -> None:
    assert (await walk(FLOWS["main"], *events, ports=ports())).outcome.end == end


@pytest.mark.parametrize(
    ("periods", "events", "end"),
    [
        (["open"], ["2"], to("support")),
        (["holiday", "closed"], [], Voicemail(box="main")),
        (["closed"], [], Voicemail(box="main")),
        ([], [], Voicemail(box="main")),
    ],
)
async def test_the_time_of_day_leads_to_the_flow_for_it(periods: list[str], events: list[str], end: End) -> None:
    assert (await walk(FLOWS["hours-demo"], *events, ports=ports(periods))).outcome.end == end


async def test_an_order_is_read_back_and_corrected_and_the_password_stays_hidden() -> None:
    events = ["2", "1234#", "2", "987654#", "1", "4711#"]
    tried = await walk(FLOWS["collect-demo"], *events, ports=ports())
    outcome = tried.outcome
    assert outcome.end == to("billing")
    assert outcome.language == "en"
    assert (outcome.variables["order"], outcome.variables["pin"], outcome.secrets["pin"]) == ("987654", "****", "4711")
    assert [line.text[:4] for line in tried.lines if line.kind == "played"][-1] == "[en]"
    assert [step.digits for step in outcome.path if step.type == "collect"] == ["1234#", "987654#", "****"]


@pytest.mark.parametrize(
    ("customer", "end", "prompt"),
    [
        (None, to("sales"), "greeting"),
        ({"name": "Ana", "agent": "1002"}, ToAgent(agent=AgentNo("1002"), seconds=15), "customer-known"),
        ({"name": "Ana", "balance": "12.50"}, to("sales"), "your-balance"),
        ({"name": "Ana"}, to("sales"), "customer-known"),
    ],
)
async def test_a_known_caller_is_met_as_such(customer: Mapping[str, object] | None, end: End, prompt: str) -> None:
    tried = await walk(FLOWS["lookup-demo"], ports=ports(customer=customer))
    assert tried.outcome.end == end
    assert prompt in " ".join(heard(tried)).split()


@pytest.mark.parametrize(
    ("name", "events", "end"),
    [
        ("callback-demo", ["1"], Callback(queue=QueueName("support"), number=CALLER.number)),
        ("callback-demo", ["2"], to("support")),
        ("voicemail-demo", ["#"], HangUp()),
        ("voicemail-demo", [], Voicemail(box="main")),
        ("closed", [], Voicemail(box="main")),
    ],
)
async def test_a_caller_may_leave_word_instead_of_waiting(name: str, events: list[str], end: End) -> None:
    assert (await walk(FLOWS[name], *events, ports=ports())).outcome.end == end


async def test_who_chooses_english_needs_an_agent_who_can() -> None:
    asked = (await walk(FLOWS["language-demo"], "2", ports=ports())).outcome
    assert (asked.end, asked.language) == (ToQueue(queue=QueueName("skills-demo"), skills={"english": 7}), "en")
    assert (await walk(FLOWS["language-demo"], "1", ports=ports())).outcome.end == to("skills-demo")


async def test_three_questions_have_three_answers() -> None:
    outcome = (await walk(FLOWS["survey-3q"], "1", "7", "2", "3", ports=ports())).outcome
    assert [(one.question, one.value, one.label) for one in outcome.answers] == [
        ("service", "1", "satisfied"),
        ("solved", "2", "partly"),
        ("recommend", "3", "unlikely"),
    ]


@pytest.mark.parametrize("name", FLOWS)
async def test_a_caller_may_leave_a_demo_flow_anywhere(name: str) -> None:
    """Hung up at every single thing on the line: the walk ends there, and its last step says so."""
    events = ["1", "1234#", "1", "1234#"]
    for leaves in range(40):
        outcome = (
            await simulate(FLOWS[name], CALLER, events, ports(["open"], {"balance": "1"}), leaves=leaves)
        ).outcome
        if outcome.end != Left():
            return
        assert [step.exit for step in outcome.path].count("left") == (1 if leaves else 0)
    raise AssertionError("it never came to its end")


KEYS = st.lists(st.from_regex(r"|!?(hangup|[0-9*#]{1,8})", fullmatch=True), max_size=15)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(FLOWS)), KEYS, st.sampled_from(["open", "holiday", "closed"]))
def test_whatever_is_typed_a_demo_flow_comes_to_an_end(name: str, events: list[str], period: str) -> None:
    tried = asyncio.run(walk(FLOWS[name], *events, ports=ports([period], {"agent": "1001"})))
    assert not isinstance(tried.outcome.end, Broken)
    assert way(tried)

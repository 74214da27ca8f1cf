"""The simulator: what a script says is what the flow hears, on a clock that only the script moves."""

from __future__ import annotations

import pytest

from cti.ivr.kind import palette
from cti.ivr.nodes import kinds
from cti.ivr.simulate import MOST_EVENTS, BadScript, simulate
from tests.cti.ivr.flows import CALLER, NOON, PORTS, flow_of, node, walk

MENU = node("menu", {"1": "end", "timeout": "end", "invalid": "end"}, prompts=["menu"], tries=2)


async def test_a_transcript_reads_like_the_call() -> None:
    tried = await walk(flow_of(node("play", {"next": "menu"}, prompts=["a", "b"]), menu=MENU), "", "1")
    assert [((line.at - NOON) / 1000, line.kind, line.text) for line in tried.lines] == [
        (0, "played", "[zh] a b"),
        (4, "step", "f/first play: next"),
        (4, "played", "[zh] menu"),
        (6, "silence", "5 s"),
        (11, "played", "[zh] menu"),
        (13.3, "pressed", "1"),
        (13.3, "step", "f/menu menu: 1"),
        (13.3, "step", "f/end hang_up: hang_up"),
        (13.3, "end", "HangUp(cause='normal')"),
    ]


@pytest.mark.parametrize(("event", "kinds_of"), [("hangup", ["played", "left"]), ("!hangup", ["played", "left"])])
async def test_a_scripted_caller_leaves_at_the_question_or_in_the_prompt(event: str, kinds_of: list[str]) -> None:
    tried = await walk(flow_of(MENU), event)
    assert [line.kind for line in tried.lines if line.kind != "step"] == [*kinds_of, "end"]
    assert (tried.lines[1].at - NOON) == (2000 if event == "hangup" else 0)


async def test_a_trial_without_a_time_is_now() -> None:
    assert (await simulate(flow_of(MENU), CALLER, ["1"], PORTS)).lines[0].at == NOON
    assert (await simulate(flow_of(MENU), CALLER, ["1"], PORTS, at=type(NOON)(5))).lines[0].at == 5


@pytest.mark.parametrize("event", ["a", "1 2", "!", "wait 5", "HANGUP", "1" * 65, "１"])
async def test_an_event_that_is_none_is_refused_by_its_place(event: str) -> None:
    with pytest.raises(BadScript, match="event 2 is neither") as refused:
        await walk(flow_of(MENU), "1", event)
    assert refused.value.code == "bad_script"


async def test_a_script_has_an_end() -> None:
    with pytest.raises(BadScript, match="at most 500 events"):
        await walk(flow_of(MENU), *[""] * (MOST_EVENTS + 1))


def test_the_palette_describes_every_type_with_its_settings_and_exits() -> None:
    described = {one["type"]: one for one in palette()}
    assert set(described) == set(kinds)
    assert described["menu"]["exits"] == ["timeout", "invalid"]
    assert described["menu"]["free_exits"] == "keys"
    assert described["to_agent"]["optional_exits"] == ["otherwise"]
    assert described["to_queue"]["settings"] == [
        {"name": "queue", "kind": "name", "required": True, "refers": "queue"},
        {"name": "skills", "kind": "levels", "required": False, "default": {}, "least": 0, "most": 50},
        {"name": "priority", "kind": "whole", "required": False, "default": 0, "least": -100, "most": 100},
    ]

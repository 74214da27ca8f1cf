"""Callers at the FastAGI door who leave in the middle of whatever a flow does: the record tells how far they came."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.flow_line import FlowLine
from cti import events as ev
from cti.ids import CallId, LegId, TenantId
from cti.ivr.flow import Flow
from cti.ivr.line import Line
from cti.ivr.nodes import kinds
from cti.records import Call, State
from tests.adapters.asterisk.agi_caller import HEADER, Caller, door_with
from tests.adapters.house import House, leads_to
from tests.cti.ivr.flows import HELLO, flow_of, node

CALL = CallId("1763814000-17-123456")
LEG = LegId("1763814000.17")  # as the header says

TYPES: Mapping[str, Mapping[str, object]] = {
    "play": HELLO,
    "say": node("say", {"next": "end"}, kind="digits", value="12"),
    "menu": node("menu", {"1": "end", "timeout": "end", "invalid": "end"}, prompts=["menu"]),
    "collect": node(
        "collect", {"done": "end", "timeout": "end", "invalid": "end"}, variable="order", prompts=["order"], length=3
    ),
    "set": node("set", {"next": "end"}, variables={"vip": "no"}),
    "test": node("test", {"yes": "end", "no": "end"}, value="${vip}", test="empty"),
    "hours": node("hours", {"otherwise": "end"}, schedule="office"),
    "lookup": node("lookup", {"found": "end", "not_found": "end", "failed": "end"}, prompts=["wait"]),
    "survey": node(
        "survey",
        {"answered": "end", "unanswered": "end"},
        survey="after",
        question="q1",
        prompts=["rate"],
        answers={"1": "good"},
    ),
    "record": node("record", {"done": "end", "empty": "end"}, prompts=["speak"], variable="message"),
    "callback": node("callback", {"declined": "end"}, queue="sales", prompts=["offer"], accepted_prompts=["yes"]),
    "to_flow": node("to_flow", {"otherwise": "end"}, flow="other"),
    "to_queue": node("to_queue", queue="sales"),
    "to_agent": node("to_agent", {"otherwise": "end"}, agent="1001"),
    "to_number": node("to_number", {"otherwise": "end"}, number="13900001111"),
    "voicemail": node("voicemail", box="main"),
    "hang_up": node("hang_up", prompts=["goodbye"]),
}
"""Each type of node, as the first of a flow that ends after it with a prompt."""
GOODBYE = node("hang_up", prompts=["goodbye"])
OTHER = flow_of(dict(HELLO), "other", end=GOODBYE)
ENDS_AS = {"voicemail": "voicemail", "callback": "callback", "to_number": "forwarded", "record": "voicemail"}


class Door(House):
    """The server behind a real FastAGI door; its number leads to one flow."""

    def __init__(self, flow: Flow) -> None:
        super().__init__("1001", decision=leads_to("flow:f"))
        self.publish(flow, OTHER)

    def line(self, line: AgiLine, tenant: TenantId) -> Line:  # type: ignore[override]
        return FlowLine(line, lambda name, language: f"/prompts/{language}/{name}", "/messages/{}".format)

    async def calls(self, asterisk: Asterisk) -> Call:
        """A caller comes in, goes, and is on record."""
        async with door_with(self.switchboard.on_call) as door, await Caller.knock(door.port) as peer:
            peer.say(HEADER.replace(b"agi_network_script: flow", b"agi_network_script: entry"))
            while command := await peer.hear():
                peer.say(asterisk.reply(command.decode()).encode())
            async with asyncio.timeout(5):
                while door.lines:
                    await asyncio.sleep(0)
        self.world.take(ev.LegEnded(at=self.world.now, leg=LEG, cause=16))
        return self.world.saved[CALL]


class Asterisk:
    """Asterisk's side of a caller who presses 1 wherever a key is asked for, and leaves instead of the n-th thing."""

    SAID: Mapping[str, str] = {"CTI_DIALLED": "4000", "CTI_CALLID": CALL}

    def __init__(self, leaves: int = -1) -> None:
        self.leaves = leaves
        self.things: list[str] = []
        """What was done from the answer on."""

    def reply(self, command: str) -> str:
        if asked := re.search(r"\$\{URIENCODE\(\$\{(.*)\}\)\}", command):
            return f"200 result=1 ({self.SAID.get(asked[1], '')})\n"
        if command.startswith("SET") and not self.things:
            return "200 result=1\n"
        self.things.append(command)
        if len(self.things) > self.leaves >= 0:
            return f"200 result=-1{' (hangup) endpos=24000' if command.startswith('RECORD') else ''}\nHANGUP\n"
        if command.startswith("RECORD"):
            return "200 result=35 (dtmf) endpos=40000\n"
        return f"200 result={49 if command.startswith('WAIT') else 0} endpos=8000\n"


def test_the_table_has_every_type_of_node() -> None:
    assert set(TYPES) == {file.stem for file in Path("cti/ivr/nodes").glob("[a-z]*.py")}
    assert set(TYPES) == set(kinds)


def story(kind: str, thing: str, whole: Call) -> tuple[str, str]:
    """The exit of the last step, and the result, of a caller who left instead of this thing."""
    ended = (whole.journey.path[-1].exit, ENDS_AS.get(kind, "ivr"))
    if thing.startswith("SET") or "/yes" in thing:
        return ended  # all has been said; a callback is promised before it is confirmed
    recorded = any(word in thing for word in ("beep", "RECORD", "saved"))
    if kind == "voicemail":
        return ended if recorded else (ended[0], "ivr")
    return "left", "voicemail" if kind == "record" and ("RECORD" in thing or "goodbye" in thing) else "ivr"


@pytest.mark.parametrize("kind", sorted(TYPES))
async def test_a_caller_who_leaves_in_a_node_is_on_record_with_the_way_up_to_there(kind: str) -> None:
    flow, asterisk = flow_of(TYPES[kind], "f", end=GOODBYE), Asterisk()
    whole = await Door(flow).calls(asterisk)
    way = [(step.flow, step.node, step.kind) for step in whole.journey.path]
    assert way[0] == ("f", "first", kind)
    assert asterisk.things[0].startswith("ANSWER")
    for leaves, thing in enumerate(asterisk.things):
        record = await Door(flow).calls(Asterisk(leaves))
        steps = record.journey.path
        assert [(step.flow, step.node, step.kind) for step in steps] == way[: len(steps)], "the same way, cut short"
        told = (steps[-1].exit, str(record.result)) if steps else ("", str(record.result))
        assert told == (story(kind, thing, whole) if leaves else ("", "ivr")), f"left at {thing}"
        assert record.state is State.ENDED
        assert all(segment.ended_at is not None for segment in record.segments)

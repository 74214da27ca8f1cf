"""Queues that speak and send callers on, on a real Asterisk with real phones."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.voice.build import MADE, place
from cti.speech import say
from tests.adapters.asterisk.waiting import eventually
from tests.live.centre import SQLITE, Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import write_tone
from tests.live.tone import Tone, until_heard

NUMBER, DIGITS, NAMED, TALK, PLACE = 1250, 620, 1000, 440, 850
QUEUE_NAME = "billing"


@pytest_asyncio.fixture
async def centre(lab: Lab, template: Path) -> AsyncIterator[Centre]:
    made = Centre(lab, SQLITE)
    shutil.copy(template, made.folder / "cti.db")
    yield made
    await made.close()


@pytest_asyncio.fixture
async def singing(lab: Lab, template: Path, tmp_path: Path) -> AsyncIterator[Centre]:
    """Its prompts are tones of a second."""
    number, *rest = say("agent", "1001", "zh")
    (first,) = say("callers_ahead", 0, "zh")
    for name, hz in ((number, NUMBER), *((one, DIGITS) for one in rest), (QUEUE_NAME, NAMED), (first, PLACE)):
        write_tone(place(tmp_path, "zh", name), hz, seconds=1)
    (tmp_path / "builtin" / MADE).touch()
    made = Centre(lab, SQLITE, CTI_VOICE_DIR=str(tmp_path))
    shutil.copy(template, made.folder / "cti.db")
    yield made
    await made.close()


def no_channels(lab: Lab) -> bool:
    return "0 active channels" in (lab.asterisk.ask("core show channels count") or "")


async def test_a_caller_hears_their_place_and_stays_offerable(singing: Centre, lab: Lab, phones: Phones) -> None:
    centre = singing
    centre.cti("queue", "set", "sales", "--set", "announce_position=yes", "--set", "announce_ewt=yes")
    await centre.start()
    agent, trunk = await phones.desk("1001"), await phones.trunk()
    async with centre.desktop(centre.supervisor, "agent:*", "queue:*", "calls:*") as wall:
        first = trunk.call("4001", "13800001234", "张伟明")
        await first.until_answered()
        second = trunk.call("4001", "13800001235", "李娜")
        await second.until_answered()
        for place in (1, 2):
            said = await wall.client.event("call.announced")
            assert (said.data["what"], said.data["position"], said.data["ewt_seconds"]) == ("position", place, None)
        await until_heard(trunk, {PLACE}, leg=first)
        await centre.status(await centre.token("1001"), "1001", "ready")
        ringing = await agent.next_ring()
        ringing.answer()
        answered = await wall.client.event("call.answered")
        assert answered.data["number"] == "+8613800001234"
        second.hangup()
        first.hangup()
        await wall.client.event("call.ended")
        await wall.client.event("call.ended")
    await eventually(lambda: no_channels(lab))


@pytest.mark.parametrize("whisper", ["", QUEUE_NAME])
async def test_the_caller_hears_the_agents_number_and_the_agent_the_queue_before_they_are_joined(
    singing: Centre, phones: Phones, whisper: str
) -> None:
    centre = singing
    centre.cti("queue", "set", "sales", "--set", "agent_announcement=number", "--set", f"whisper={whisper}")
    await centre.start()
    agent, trunk = await phones.desk("1001"), await phones.trunk()
    await centre.status(await centre.token("1001"), "1001", "ready")
    caller = trunk.call("4001", "13800001234", "张伟明")
    ringing = await agent.next_ring()
    ringing.answer()
    named = {NAMED} if whisper else ()
    await asyncio.gather(until_heard(trunk, {NUMBER}, {NAMED}), until_heard(agent, named, {NUMBER}))
    await until_heard(trunk, {DIGITS}, {NAMED})
    with Tone(agent, ringing).send(TALK):
        await until_heard(trunk, {TALK}, {NUMBER, DIGITS})
    caller.hangup()
    await ringing.until_ended()


async def test_who_has_waited_long_enough_rings_a_phone_of_the_other_queue(
    centre: Centre, lab: Lab, phones: Phones
) -> None:
    centre.cti("queue", "set", "empty", "--set", "max_wait_seconds=2", "--set", "max_wait_target=queue:sales")
    await centre.start()
    agent, trunk = await phones.desk("1001"), await phones.trunk()
    async with centre.desktop(centre.supervisor, "agent:*", "queue:*", "calls:*") as wall:
        await centre.status(await centre.token("1001"), "1001", "ready")
        caller = trunk.call("4009", "13800001234", "张伟明")
        ringing = await agent.next_ring()
        ringing.answer()
        answered = await wall.client.event("call.answered")
        caller.hangup()
        await wall.client.event("call.ended")
        record = await centre.get(f"/calls/{answered.call}", wall.token)
    assert record["queue"] == "sales"
    waits = [(one["kind"], one["queue"]) for one in record["segments"] if one["kind"] == "waiting"]
    assert waits == [("waiting", "empty"), ("waiting", "sales")]
    assert 2.0 <= record["segments"][0]["seconds"] < 3.0
    assert record["queued_at"] == record["started_at"]
    await eventually(lambda: no_channels(lab))


async def test_who_is_sent_to_a_number_that_is_busy_waits_on_in_the_queue(
    centre: Centre, lab: Lab, phones: Phones
) -> None:
    centre.cti("queue", "set", "empty", "--set", "max_wait_seconds=1", "--set", "max_wait_target=number:01065529988")
    centre.environ["CTI_CALLER_IDS"] = "02150001000"
    await centre.start()
    carrier, trunk = await phones.carrier(), await phones.trunk()
    async with centre.desktop(centre.supervisor, "queue:*", "calls:*") as wall:
        caller = trunk.call("4009", "13800001234", "张伟明")
        elsewhere = await carrier.next_ring()
        assert elsewhere.invite is not None
        assert elsewhere.invite.first.startswith("INVITE sip:01065529988@")
        assert "02150001000" in elsewhere.invite.get("from")
        overflowed = await wall.client.event("call.overflowed")
        elsewhere.reject()
        back = await centre.until(f"/calls/{overflowed.call}", wall.token, lambda c: c["state"] == "waiting")
        assert (back["queue"], back["queued_at"], back["number"]) == ("empty", back["started_at"], "+8613800001234")
        assert not caller.ended.is_set()
        caller.hangup()
        assert (await wall.client.event("call.ended")).data["result"] == "abandoned"
    await eventually(lambda: no_channels(lab))


async def test_a_queue_plays_its_own_music(centre: Centre, lab: Lab, phones: Phones) -> None:
    centre.cti("queue", "set", "empty", "--set", "music=default")
    await centre.start()
    assert lab.asterisk.ask("dialplan show globals") is not None
    await eventually(lambda: "CTI_MUSIC_empty=default" in (lab.asterisk.ask("dialplan show globals") or ""))
    centre.cti("queue", "set", "empty", "--set", "music=")
    await eventually(lambda: "CTI_MUSIC_empty=default" not in (lab.asterisk.ask("dialplan show globals") or ""))

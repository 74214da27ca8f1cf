"""Flows on the FastAGI of a real Asterisk, without the server: files played, keys that cut them short, messages."""

import asyncio
import struct
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.asterisk.agi import AgiDoor
from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.flow_line import FlowLine
from cti.ids import CallId, Instant
from cti.ivr.flow import Flow
from cti.ivr.outcome import Caller, HangUp, Left, Outcome, ToQueue
from cti.ivr.ports import Ports
from cti.ivr.run import run
from tests.adapters.asterisk.waiting import eventually
from tests.cti.ivr.flows import flow_of, node
from tests.live.conftest import Lab, Phones
from tests.live.keys import press
from tests.live.phone import Leg
from tests.live.tone import DECODED, LOUD, QUIET, RATE, Tone, channels, levels, tone, until_heard

NUMBER = "4777"
GREETING, MENU, SPEECH = 440, 620, 1000

QUEUE = node("to_queue", queue="sales")
DOORS = {"1": "end", "2": "queue", "timeout": "end", "invalid": "end"}
WELCOME = flow_of(
    node("play", {"next": "menu"}, prompts=["greeting"]), menu=node("menu", DOORS, prompts=["menu"]), queue=QUEUE
)
ORDER = flow_of(
    node(
        "collect", {"done": "queue", "timeout": "end", "invalid": "end"}, variable="order", prompts=["menu"], length=8
    ),
    queue=QUEUE,
)
MESSAGE = flow_of(
    node("record", {"done": "end", "empty": "queue"}, prompts=["greeting"], silence=2, seconds=20), queue=QUEUE
)


def write(file: Path, hz: int, seconds: float) -> None:
    with wave.open(str(file), "wb") as opened:
        opened.setparams((1, 2, RATE, 0, "NONE", ""))
        sound = [round(DECODED[code] * 32767) for code in tone(hz, seconds)]
        opened.writeframes(struct.pack(f"<{len(sound)}h", *sound))


def furnish(folder: Path) -> None:
    """Prompts to hear, and room for messages."""
    folder.chmod(0o777)  # Asterisk may be somebody else
    write(folder / "greeting.wav", GREETING, 1.5)
    write(folder / "menu.wav", MENU, 3)


@dataclass
class Desk:
    """Where flows are heard: a number of its own, and what came of each call to it."""

    phones: Phones
    folder: Path
    flow: Flow = WELCOME
    outcomes: asyncio.Queue[Outcome] = field(default_factory=asyncio.Queue)

    async def on_call(self, line: AgiLine) -> None:
        loop = asyncio.get_running_loop()
        ports = Ports(now=lambda: Instant(round(loop.time() * 1000)))
        flow_line = FlowLine(line, lambda name, _: str(self.folder / name), lambda name: str(self.folder / name))
        self.outcomes.put_nowait(await run(self.flow, Caller(call=CallId("1-2-345678")), flow_line, ports))

    async def call(self, flow: Flow) -> Leg:
        self.flow = flow
        leg = (await self.phones.trunk()).call(NUMBER, "13800001234")
        await leg.until_answered()
        return leg

    async def outcome(self) -> Outcome:
        async with asyncio.timeout(30):
            return await self.outcomes.get()


@asynccontextmanager
async def desk_on(lab: Lab, phones: Phones, folder: Path) -> AsyncIterator[Desk]:
    furnish(folder)
    desk = Desk(phones, folder)
    door = AgiDoor("127.0.0.1", 0, desk.on_call)
    await door.start()
    lab.asterisk.ask(f"dialplan add extension {NUMBER},1,AGI,agi://127.0.0.1:{door.port}/flow into cti-trunk replace")
    try:
        yield desk
    finally:
        lab.asterisk.ask(f"dialplan remove extension {NUMBER}@cti-trunk")
        await door.close()


async def test_prompts_follow_one_another_and_a_key_cuts_them_short(lab: Lab, phones: Phones, tmp_path: Path) -> None:
    async with desk_on(lab, phones, tmp_path) as desk:
        leg = await desk.call(WELCOME)
        await until_heard(leg.phone, {GREETING}, {MENU})
        await until_heard(leg.phone, {MENU}, {GREETING})
        await press(leg, "2")
        outcome = await desk.outcome()
        assert isinstance(outcome.end, ToQueue)
        assert [step.exit for step in outcome.path] == ["next", "2", "to_queue"]


async def test_keys_pressed_ahead_are_not_lost(lab: Lab, phones: Phones, tmp_path: Path) -> None:
    async with desk_on(lab, phones, tmp_path) as desk:
        leg = await desk.call(WELCOME)
        await until_heard(leg.phone, {GREETING})
        await press(leg, "2")
        assert [step.exit for step in (await desk.outcome()).path] == ["next", "2", "to_queue"]


async def test_no_key_of_many_pressed_fast_is_lost(lab: Lab, phones: Phones, tmp_path: Path) -> None:
    async with desk_on(lab, phones, tmp_path) as desk:
        leg = await desk.call(ORDER)
        await until_heard(leg.phone, {MENU})
        await press(leg, "9074316#")
        assert (await desk.outcome()).variables["order"] == "9074316"


@pytest.mark.parametrize("ending", ["key", "silence", "hang-up"])
async def test_a_message_is_recorded_however_it_ends(lab: Lab, phones: Phones, tmp_path: Path, ending: str) -> None:
    async with desk_on(lab, phones, tmp_path) as desk:
        leg = await desk.call(MESSAGE)
        with Tone(leg.phone, leg).send(SPEECH) as voice:
            await until_heard(leg.phone, {GREETING})
            await until_heard(leg.phone, (), {GREETING})
            await eventually(lambda: said(tmp_path, 2.0))
            if ending == "key":
                await press(leg, "#")
            elif ending == "silence":
                voice.silence()
            else:
                leg.hangup()
            outcome = await desk.outcome()
    assert outcome.end == (Left() if ending == "hang-up" else HangUp())
    (told,) = outcome.messages
    assert said(tmp_path) == [tmp_path / f"{told.name}.wav"]
    (sound,) = channels(tmp_path / f"{told.name}.wav")
    assert len(sound) / RATE == pytest.approx(told.seconds, abs=0.3)
    assert 1.5 < told.seconds < 8
    assert levels(sound[: 2 * RATE])[SPEECH] > LOUD
    assert levels(sound[: 2 * RATE])[GREETING] < QUIET


def said(folder: Path, seconds: float = 0.0) -> list[Path]:
    """The messages of which there is more than this."""
    return [file for file in folder.glob("1-2-345678-*.wav") if file.stat().st_size > 2 * RATE * seconds]

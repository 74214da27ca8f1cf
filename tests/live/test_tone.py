"""The ear of the tests: it tells pitches apart, and each side of a call hears the other and not itself."""

import pytest

from tests.live.conftest import Phones
from tests.live.tap import Tap
from tests.live.tone import DECODED, LOUD, PITCHES, QUIET, RATE, SENT, Tone, levels, tone, until_heard


@pytest.mark.parametrize("hz", PITCHES)
def test_a_tone_is_measured_at_its_own_pitch_and_at_no_other(hz: int) -> None:
    found = levels([DECODED[code] for code in tone(hz, 0.5)])

    assert found.pop(hz) == pytest.approx(SENT, abs=0.01)
    assert max(found.values()) < QUIET


def test_mixed_tones_are_both_measured_and_silence_is_none() -> None:
    two = zip(tone(440, 0.3), tone(1000, 0.3), strict=True)

    found = levels([DECODED[one] + DECODED[other] for one, other in two])

    assert min(found[440], found[1000]) > LOUD
    assert max(levels([0.0] * RATE).values()) == max(levels([]).values()) == 0.0


async def test_each_side_of_a_call_hears_the_other_alone(phones: Phones, events: Tap, control: Tap) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4001", "13800001234")
    told = await events.event("CtiWaiting")
    await caller.until_answered()
    control.redirect(told["Channel"], "to_1_15_1001")
    ring = await desk.next_ring()
    ring.answer()
    await ring.until_answered()

    with Tone(trunk).send(440), Tone(desk) as agent:
        agent.send(1000)
        await until_heard(desk, {440}, {1000})
        await until_heard(trunk, {1000}, {440})
        agent.send(620)
        await until_heard(trunk, {620}, {1000, 440})
        agent.silence()
        await until_heard(trunk, (), PITCHES)
    await until_heard(desk, (), PITCHES)  # nothing comes, and that is silence too

"""What of a file is kept: the talk, with silence where it was paused, and markers on the same timeline."""

from __future__ import annotations

from cti.ids import AgentNo, CallId, Instant, LegId, QueueName, TenantId
from cti.recording.timeline import Cut, Marker, cut
from cti.records import Call, Leg, Mark, Recording, SegmentKind

ANA = AgentNo("1001")
BEGAN = Instant(1_000_000)


def at(seconds: float) -> Instant:
    return Instant(BEGAN + round(seconds * 1000))


def call(*segments: tuple[SegmentKind, float], answered: float | None, ended: float, mode: str = "always") -> Call:
    """The file begins with the delivery, at 0; segments follow one another."""
    made = Call(
        id=CallId("c1"),
        tenant=TenantId("demo"),
        number="1",
        name="",
        dialled="4001",
        queue=QueueName("sales"),
        started_at=at(-20),
        queued_at=at(-20),
        legs=[Leg(LegId("l"), "PJSIP/x", "customer", at(-20))],
        recording=Recording(mode, "why", "c1-1", state="on", wanted="on", began_at=BEGAN),
    )
    for kind, start in segments:
        made.enter(kind, at(start), ANA)
    made.close_segment(at(ended))
    made.answered_at = None if answered is None else at(answered)
    made.ended_at = at(ended)
    return made


def marked(made: Call, *marks: tuple[float, str]) -> Call:
    assert made.recording is not None
    made.recording.marks = [Mark(at(when), state) for when, state in marks]
    return made


def lasting(made: Call, seconds: float) -> Cut | None:
    return cut(made, BEGAN, round(seconds * 1000))


RINGING, TALKING, HELD, SURVEY = SegmentKind.RINGING, SegmentKind.TALKING, SegmentKind.HELD, SegmentKind.SURVEY


def test_the_music_before_the_answer_is_not_kept_and_holds_and_pauses_are_marked() -> None:
    made = marked(
        call((RINGING, 0), (TALKING, 4), (HELD, 10), (TALKING, 15), answered=4, ended=30),
        (0, "on"),
        (20, "paused"),
        (24, "on"),
    )

    found = lasting(made, 30)

    assert found is not None
    assert (found.begins, found.ends, found.silent) == (4000, 30000, ((20000, 24000),))
    assert found.began_at == at(4)
    assert found.markers == (
        Marker("talking", 0, 6000, ANA),
        Marker("held", 6000, 11000, ANA),
        Marker("talking", 11000, 26000, ANA),
        Marker("paused", 16000, 20000),
    )
    assert not found.truncated


def test_a_survey_after_the_talk_is_not_part_of_it() -> None:
    found = lasting(marked(call((TALKING, 2), (SURVEY, 12), answered=2, ended=40), (0, "on")), 40)

    assert found is not None
    assert (found.begins, found.ends, found.truncated) == (2000, 12000, False)


def test_a_call_that_nobody_answered_leaves_nothing() -> None:
    assert lasting(marked(call((RINGING, 0), answered=None, ended=9), (0, "on")), 9) is None


def test_on_demand_nothing_is_kept_unless_somebody_asked_and_then_from_there_on() -> None:
    talk = ((TALKING, 2.0),)
    never = marked(call(*talk, answered=2, ended=20, mode="on_demand"), (0, "off"))
    asked = marked(call(*talk, answered=2, ended=20, mode="on_demand"), (0, "off"), (8, "on"), (15, "off"))

    assert lasting(never, 20) is None
    found = lasting(asked, 20)
    assert found is not None
    assert (found.begins, found.silent, found.length) == (8000, ((15000, 20000),), 12000)


def test_a_file_that_ends_before_its_call_is_marked_as_truncated() -> None:
    found = lasting(marked(call((TALKING, 1), answered=1, ended=60), (0, "on")), 20)

    assert found is not None
    assert found.truncated
    assert found.ends == 20000


def test_a_call_recorded_while_nobody_was_looking_is_kept_whole() -> None:
    made = call((TALKING, 3), answered=3, ended=20)
    made.recording = None

    found = lasting(made, 20)

    assert found is not None
    assert (found.begins, found.ends) == (3000, 20000)

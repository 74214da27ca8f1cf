"""When it happened, in our own time, whatever Asterisk's clock says and however late the word is."""

import pytest

from adapters.asterisk.clock import WINDOW_MS, AsteriskClock
from cti.ids import Instant

NOW = Instant(1_795_350_000_000)


def stamp(at: int) -> str:
    return f"{at / 1000:.6f}"


@pytest.mark.parametrize("behind", [-7_200_000, -1, 0, 350, 3_600_000])
def test_a_clock_that_differs_by_any_amount_is_seen_through(behind: int) -> None:
    clock = AsteriskClock()
    assert clock.heard(stamp(NOW - behind), NOW) == NOW
    assert clock.offset == behind
    assert clock.heard(stamp(NOW + 500 - behind), Instant(NOW + 500)) == NOW + 500


def test_an_event_that_comes_late_keeps_the_time_at_which_it_happened() -> None:
    clock = AsteriskClock()
    clock.heard(stamp(NOW), NOW)
    assert clock.heard(stamp(NOW + 1_000), Instant(NOW + 4_000)) == NOW + 1_000


def test_the_least_delay_is_taken_for_none() -> None:
    clock = AsteriskClock()
    for delay in (90, 30, 2, 45):
        clock.heard(stamp(NOW), Instant(NOW + delay))
    assert clock.offset == 2


def test_nothing_happens_in_the_future() -> None:
    clock = AsteriskClock()
    clock.heard(stamp(NOW), Instant(NOW + 40))
    assert clock.heard(stamp(NOW + 1_000), Instant(NOW + 1_001)) <= NOW + 1_001


def test_a_clock_that_drifts_is_followed_within_two_windows() -> None:
    clock = AsteriskClock()
    clock.heard(stamp(NOW), NOW)
    late = Instant(NOW)
    for window in range(1, 4):
        late = Instant(NOW + window * (WINDOW_MS + 1))
        clock.heard(stamp(late - 800), late)  # Asterisk's clock has lost 800 ms
    assert clock.offset == 800
    assert clock.heard(stamp(late - 700), Instant(late + 100)) == late + 100


@pytest.mark.parametrize("word", ["", "soon", "1.2.3", "inf", "nan", "1e999"])
def test_without_a_stamp_it_happened_when_it_was_heard(word: str) -> None:
    clock = AsteriskClock()
    assert clock.heard(word, NOW) == NOW
    assert clock.offset == 0

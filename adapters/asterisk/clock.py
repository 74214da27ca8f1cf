"""Asterisk's clock in our own terms: when an event happened, even if it reached us late."""

from __future__ import annotations

from cti.ids import Instant

WINDOW_MS = 60_000


class AsteriskClock:
    """`offset` is our clock less Asterisk's. The least delay of the last minutes is taken for no delay at all."""

    def __init__(self) -> None:
        self._least: int | None = None
        self._before: int | None = None
        self._since = Instant(0)
        self.offset = 0
        """Milliseconds; 0 as long as nothing has been heard."""

    def heard(self, stamp: str, now: Instant) -> Instant:
        """The instant, in our time, of an event that Asterisk stamped `stamp` (epoch seconds) and that came in now."""
        try:
            stamped = round(float(stamp) * 1000)
        except (ValueError, OverflowError):
            return now
        delay = now - stamped
        if self._least is None or now - self._since > WINDOW_MS:
            self._before, self._least, self._since = self._least, delay, now
        elif delay < self._least:
            self._least = delay
        else:
            return Instant(min(stamped + self.offset, now))
        self.offset = self._least if self._before is None else min(self._least, self._before)
        return Instant(min(stamped + self.offset, now))

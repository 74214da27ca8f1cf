"""Lines the disk would not take, held in bounded memory. When it is full, facts go first, then the oldest lines."""

from __future__ import annotations

from collections import deque

from adapters.store.turn import without_facts


class Held:
    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self.dropped = 0  # lines lost for good
        self.dropped_facts = 0  # lines that lost their facts
        self._lines: deque[bytes] = deque()
        self._lean = 0  # how many lines at the left are without facts

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def first(self) -> bytes:
        return self._lines[0]

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        self.bytes += len(line) + 1
        while self.bytes > self.most and self._lean < len(self._lines):
            self._strip()
        while self.bytes > self.most and self._lines:
            self.pop()
            self.dropped += 1

    def pop(self) -> int:
        """Let the oldest line go; returns its size with the line end."""
        size = len(self._lines.popleft()) + 1
        self.bytes -= size
        self._lean = max(self._lean - 1, 0)
        return size

    def _strip(self) -> None:
        """Take the facts from the oldest line that still has them."""
        line = self._lines[self._lean]
        lean = without_facts(line)
        if len(lean) < len(line):
            self._lines[self._lean] = lean
            self.bytes -= len(line) - len(lean)
            self.dropped_facts += 1
        self._lean += 1

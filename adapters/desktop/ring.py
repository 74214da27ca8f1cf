"""The latest events of one tenant in memory, encoded once however many people look; older ones are in the journal."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from adapters.desktop import messages
from adapters.desktop.door import text_frame
from cti.news import Published, keys_of
from cti.people import Sight
from cti.shapes import stamp, without_call

Mask: TypeAlias = Callable[[Mapping[str, object]], Mapping[str, object]]

log: Final = logging.getLogger(__name__)


class Item:
    """One event and its encoded parts: everything but `prev` and `topic` is the same for everybody.

    Each part is made when it is first needed: on the way of a screen pop nothing else is encoded.
    """

    __slots__ = ("_head", "_keys", "_mask", "_tails", "news", "seq")

    def __init__(self, news: Published, mask: Mask) -> None:
        self.news = news
        self._mask = mask
        self.seq = news.seq
        self._keys: tuple[str, ...] | None = None
        self._head = b""
        self._tails: dict[Sight, bytes] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        if self._keys is None:
            self._keys = keys_of(self.news)
        return self._keys

    @property
    def size(self) -> int:
        """Bytes, about; encodes what everybody will need."""
        return len(self._tails.get(Sight.FULL) or self._tail(Sight.FULL)) + 400

    def frame(self, prev: int, topic: bytes, sight: Sight) -> bytes:
        """The WebSocket frame for one client; `topic` is the encoded name."""
        if not self._head:
            self._head = b'{"op":"event","seq":%d,"prev":' % self.seq
        tail = self._tails.get(sight) or self._tail(sight)
        return text_frame(b'%b%d,"topic":%b%b' % (self._head, prev, topic, tail))

    def _tail(self, sight: Sight) -> bytes:
        news = self.news
        call = None if sight.without_call else news.call
        words = (news.type, stamp(news.at), call, seen(news.data, sight, self._mask))
        tail = b',"type":%b,"at":%b,"call":%b,"data":%b}' % tuple(_encoded(word) for word in words)
        self._tails[sight] = tail
        return tail


def seen(data: Mapping[str, object], sight: Sight, mask: Mask) -> Mapping[str, object]:
    """An event's data as somebody with this sight sees it."""
    shown = without_call(dict(data)) if sight.without_call else data
    return mask(shown) if sight.masked else shown


def _encoded(word: object) -> bytes:
    try:
        return messages.encode(word)
    except (TypeError, ValueError):  # a bug of ours must not stop the stream: what can be said is said
        log.exception("an event could not be encoded")
        return json.dumps(word, ensure_ascii=False, default=str).encode("utf-8", "replace")


class Ring:
    """Bounded in events and bytes; without gaps between its first and its last."""

    def __init__(self, head: int, most_events: int, most_bytes: int, mask: Mask) -> None:
        self.head = head
        self._mask = mask
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._settled = head

    @property
    def tail(self) -> int:
        """The `seq` after which everything up to `head` is here."""
        return self._items[0].seq - 1 if self._items else self.head

    def extend(self, batch: Sequence[Published]) -> list[Item]:
        """Take new events in; cheap, for it happens inside the core's turn."""
        items = [Item(news, self._mask) for news in batch if news.seq > self.head]
        for item in items:
            if item.seq != self.head + 1:  # never expected; whoever is behind will read the journal
                self._items.clear()
                self._bytes = 0
            self._items.append(item)
            self.head = item.seq
        return items

    def settle(self) -> None:
        """Encode what is new and forget what is too old."""
        for item in self.after(max(self._settled, self.tail)):
            self._bytes += item.size
        self._settled = self.head
        while len(self._items) > self._most_events or (self._bytes > self._most_bytes and len(self._items) > 1):
            self._bytes -= self._items.popleft().size

    def after(self, seq: int, limit: int | None = None) -> Iterator[Item]:
        """The items that follow `seq`, which must not be older than `tail`; raises `LookupError`."""
        start = seq - self.tail
        if start < 0:
            raise LookupError(f"what follows {seq} is no longer here")
        stop = len(self._items) if limit is None else min(start + limit, len(self._items))
        return (self._items[index] for index in range(start, stop))

    def get(self, seq: int) -> Item | None:
        if not self.tail < seq <= self.head:
            return None
        return self._items[seq - self.tail - 1]

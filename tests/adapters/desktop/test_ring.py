"""The ring of recent events: bounded, without gaps, and encoded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from adapters.desktop.asyncapi import document
from adapters.desktop.commands import COMMANDS
from adapters.desktop.door import text_frame
from adapters.desktop.ring import Item, Ring
from cti.news import Published
from cti.people import Sight
from tests.adapters.desktop.world import agent_updated, queue_updated


def mask(data: Mapping[str, object]) -> Mapping[str, object]:
    return {**data, "caller": {"number": "138****8000"}}


def numbered(first: int, how_many: int, padding: int = 0) -> list[Published]:
    return [replace(queue_updated(padding="x" * padding), seq=first + n) for n in range(how_many)]


@given(batches=st.lists(st.integers(1, 7), max_size=30), most=st.integers(1, 20), seq=st.integers(-3, 150))
def test_after_gives_exactly_what_follows_and_is_still_here(batches: list[int], most: int, seq: int) -> None:
    ring = Ring(10, most, 1 << 30, mask)
    head = 10
    for size in batches:
        ring.extend(numbered(head + 1, size))
        head += size
        ring.settle()
    assert ring.head == head
    assert ring.head - ring.tail <= most
    followed = [item.seq for item in ring.after(max(seq, ring.tail))]
    assert followed == list(range(max(seq, ring.tail) + 1, head + 1))
    assert (ring.get(seq) is not None) == (ring.tail < seq <= head)


def test_a_ring_is_bounded_in_bytes_too() -> None:
    ring = Ring(0, 1000, 50_000, mask)
    ring.extend(numbered(1, 100, padding=2000))
    ring.settle()
    assert 15 < ring.head - ring.tail < 25


def test_what_is_known_already_is_not_taken_again_and_a_gap_empties_the_ring() -> None:
    ring = Ring(5, 100, 1 << 20, mask)
    ring.extend(numbered(4, 4))
    assert (ring.tail, ring.head) == (5, 7)
    ring.extend(numbered(10, 2))
    assert (ring.tail, ring.head) == (9, 11)


def test_an_event_is_encoded_once_per_level_of_sight() -> None:
    item = Item(replace(agent_updated(), seq=7), mask)
    tails: list[Any] = []
    for prev in (1, 2, 3):
        frame = msgspec.json.decode(item.frame(prev, b'"agent:*"', Sight.FULL)[4:])
        assert (frame["seq"], frame["prev"], frame["topic"], frame["call"]) == (7, prev, "agent:*", "c-1")
        tails.append(item._tails[Sight.FULL])
    assert all(tail is tails[0] for tail in tails)
    hidden = msgspec.json.decode(item.frame(1, b'"agent:*"', Sight.COLLEAGUE)[4:])
    assert (hidden["call"], hidden["data"]["call"], hidden["data"]["caller"]) == (None, None, None)
    masked = msgspec.json.decode(item.frame(1, b'"agent:*"', Sight.MASKED)[4:])
    assert masked["data"]["caller"] == {"number": "138****8000"}


def test_an_event_that_cannot_be_encoded_still_comes() -> None:
    item = Item(Published(1, "queue.updated", agent_updated().at, {"odd": object(), "half": "\ud800"}), mask)
    frame = msgspec.json.decode(item.frame(0, b'"queue:*"', Sight.FULL)[4:])
    assert frame["data"]["half"] == "?"


@given(st.sampled_from([0, 1, 125, 126, 127, 65535, 65536, 100_000]))
def test_a_frame_of_any_size_has_the_right_header(size: int) -> None:
    frame = text_frame(b"x" * size)
    short = frame[1]
    header = 2 if short < 126 else 4 if short == 126 else 10
    told = short if short < 126 else int.from_bytes(frame[2:header], "big")
    assert (frame[0], told, len(frame)) == (0x81, size, size + header)


def test_the_description_of_the_stream_names_every_frame_and_command() -> None:
    text = document()
    for word in ("hello", "subscribe", "welcome", "unsubscribed", "shown", *COMMANDS):
        assert f'"{word}"' in text
    assert text.startswith('asyncapi: "3.0.0"')

"""The spool takes every line at once, and says honestly what became of them."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adapters.store import segment
from adapters.store.segment import HEADER_SIZE
from adapters.store.spool import Spool
from adapters.store.tail import Place, Tail
from adapters.store.turn import decode_turn
from tests.adapters.store.story import until


def line(n: int, size: int = 0) -> bytes:
    return msgspec.json.encode({"n": n, "at": 1, "facts": [["LinkLost", {"reason": "x" * size}]], "news": []})


def numbers(taken: Spool) -> list[int]:
    """What a drain that begins now would read."""
    tail, found = Tail(taken, Place()), []
    while lines := tail.read(7):
        found += [decode_turn(one).n for one, _ in lines]
        tail.place = lines[-1][1]
    return found


def trouble(one: Spool) -> bool:
    return one.trouble is not None


def die(one: Spool) -> None:
    """As kill -9 does: nothing more is written."""
    os.close(one._fd)


class Disk:
    """A disk that can be full, or take only part of what it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, fd: int, content: bytes) -> int:
        if self.room is None:
            return self._write(fd, content)
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = self._write(fd, content[: self.room])
        self.room -= taken
        return taken


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    found = Disk(monkeypatch)
    yield found
    found.room = None


def test_lines_are_read_back_in_order_over_segments(tmp_path: Path) -> None:
    one = Spool(tmp_path, segment_bytes=2000)
    for n in range(1, 201):
        one.append(line(n, 100))
    assert len(one.serials) > 10
    assert numbers(one) == list(range(1, 201))
    assert one.last_n == 200
    one.close()


def test_a_line_longer_than_any_chunk_is_read_whole(tmp_path: Path) -> None:
    one = Spool(tmp_path)
    one.append(line(1, 3_000_000))
    one.append(line(2))
    assert numbers(one) == [1, 2]
    one.close()


def test_a_torn_line_is_cut_and_the_rest_stands(tmp_path: Path) -> None:
    first = Spool(tmp_path, boot="b")
    for n in (1, 2, 3):
        first.append(line(n))
    os.write(first._fd, line(4)[:20])
    die(first)

    again = Spool(tmp_path, boot="b")
    assert again.last_n == 3
    again.append(line(4))
    assert numbers(again) == [1, 2, 3, 4]
    again.close()


@pytest.mark.parametrize(
    ("closed", "boot", "doubtful"),
    [
        (True, "b1", False),
        (True, "b2", False),  # the machine was restarted after a clean end
        (False, "b1", False),  # kill -9: the kernel still has every line
        (False, "b2", True),  # the machine died: what was not yet on the disk is gone
    ],
)
def test_the_tail_is_doubted_only_when_the_machine_died(
    tmp_path: Path, closed: bool, boot: str, doubtful: bool
) -> None:
    first = Spool(tmp_path, boot="b1")
    first.append(line(1))
    if closed:
        first.close()
    else:
        die(first)

    assert Spool(tmp_path, boot=boot).tail_doubtful is doubtful
    assert Spool(tmp_path, boot=boot).tail_doubtful is doubtful, "a start that came to nothing changes nothing"


def test_a_full_disk_costs_nothing_when_there_is_room_again(tmp_path: Path, disk: Disk) -> None:
    one = Spool(tmp_path)
    one.append(line(1))
    disk.room = 30
    for n in range(2, 50):
        one.append(line(n))
    assert trouble(one)
    assert one.held_bytes > 0
    assert numbers(one) == [1], "half a line is no line"

    disk.room = None
    one.append(line(50))
    assert one.held_bytes == 0
    assert not trouble(one)
    assert numbers(one) == list(range(1, 51))
    one.close()


def test_lines_held_in_memory_at_the_end_leave_the_tail_doubtful(tmp_path: Path, disk: Disk) -> None:
    first = Spool(tmp_path, boot="b")
    first.append(line(1))
    disk.room = 0
    first.append(line(2))
    die(first)
    disk.room = None

    assert Spool(tmp_path, boot="b").tail_doubtful


def test_a_clean_end_with_lines_in_memory_is_no_clean_end(tmp_path: Path, disk: Disk) -> None:
    first = Spool(tmp_path, boot="b")
    disk_room = line(1)
    first.append(disk_room)
    disk.room = 0
    first.append(line(2))
    first.close()
    disk.room = None

    assert Spool(tmp_path, boot="b").tail_doubtful


def test_when_memory_is_full_facts_go_first_and_then_the_oldest_lines(tmp_path: Path, disk: Disk) -> None:
    one = Spool(tmp_path, held_most=10_000)
    one.begin()
    disk.room = 0
    for n in range(1, 31):
        one.append(line(n, 1000))
    assert one.held_bytes <= 10_000
    assert one.held.dropped == 0
    assert one.held.dropped_facts > 0

    for n in range(31, 301):
        one.append(line(n, 1000))
    assert one.held_bytes <= 10_000
    assert one.held.dropped > 0

    disk.room = None
    one.append(line(301))
    kept = numbers(one)
    assert kept == list(range(302 - len(kept), 302))
    assert len(kept) == 301 - one.held.dropped
    one.close()


def test_a_great_heap_is_written_in_pieces(tmp_path: Path, disk: Disk) -> None:
    one = Spool(tmp_path)
    one.begin()
    disk.room = 0
    for n in range(1, 41):
        one.append(line(n, 100_000))
    disk.room = None
    one.append(line(41))
    assert one.held_bytes > 2_000_000, "one call must not wait for all of it"
    for n in range(42, 47):
        one.append(line(n))
    assert numbers(one) == list(range(1, 47))
    one.close()


def test_no_new_segment_means_the_old_one_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Spool(tmp_path, segment_bytes=1000)
    one.append(line(1))

    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(segment, "create", refuse)
        for n in range(2, 100):
            one.append(line(n))
    one.append(line(100))
    assert numbers(one) == list(range(1, 101))
    assert len(one.serials) == 2
    one.close()


def test_another_databases_lines_are_put_aside_untouched(tmp_path: Path) -> None:
    first = Spool(tmp_path, "one")
    first.append(line(7))
    first.close()
    before = next(tmp_path.glob("*.spool")).read_bytes()

    other = Spool(tmp_path, "two")
    assert other.last_n == 0
    assert numbers(other) == []
    assert [path.read_bytes() for path in tmp_path.glob("*.aside")] == [before]


def test_a_file_that_lost_its_header_leaves_the_tail_doubtful(tmp_path: Path) -> None:
    first = Spool(tmp_path, boot="b")
    first.append(line(1))
    first.close()
    (tmp_path / "0000000002.spool").write_bytes(b"\0" * 4096)

    assert Spool(tmp_path, boot="b").tail_doubtful


def test_drained_segments_are_deleted_when_nobody_may_want_them(tmp_path: Path) -> None:
    one = Spool(tmp_path, segment_bytes=1000, keep_seconds=0)
    for n in range(1, 100):
        one.append(line(n))
    keep = one.serials[-2]
    one.forget_before(keep)
    assert one.serials[0] == keep
    assert len(list(tmp_path.glob("*.spool"))) == 2

    one.keep_seconds = 1000
    one.forget_before(keep + 1)
    assert one.serials[0] == keep
    one.close()


def test_the_backlog_counts_files_and_memory(tmp_path: Path, disk: Disk) -> None:
    one = Spool(tmp_path, segment_bytes=1000)
    for n in range(1, 100):
        one.append(line(n))
    tail = Tail(one, Place())
    size = sum(path.stat().st_size - HEADER_SIZE for path in tmp_path.glob("*.spool"))
    assert one.bytes_after(0, HEADER_SIZE) == size
    tail.place = tail.read(1000)[-1][1]
    assert tail.behind == 0
    disk.room = 0
    one.append(line(100))
    assert tail.behind == len(line(100)) + 1
    die(one)


def test_files_are_for_the_server_alone(tmp_path: Path) -> None:
    one = Spool(tmp_path / "spool")
    one.append(line(1))
    one.close()
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "spool").glob("*")] == [0o600]
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


async def test_what_is_held_is_tried_again_and_synced_without_new_lines(tmp_path: Path, disk: Disk) -> None:
    one = Spool(tmp_path)
    task = asyncio.create_task(one.run())
    one.begin()
    disk.room = 0
    one.append(line(1))
    disk.room = None
    await until(lambda: one.held_bytes == 0)
    task.cancel()
    await asyncio.wait([task])
    assert numbers(one) == [1]
    one.close()

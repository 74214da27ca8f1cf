"""Several prompts become one file that says all of them, once."""

from __future__ import annotations

import os
import wave
from pathlib import Path

import pytest

from adapters.voice import joined
from adapters.voice.joined import Joiner


def prompt(folder: Path, name: str, *samples: int, rate: int = 8000) -> str:
    with wave.open(str(folder / f"{name}.wav"), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(b"".join(one.to_bytes(2, "little") for one in samples))
    return str(folder / name)


def samples(file: str) -> list[int]:
    with wave.open(f"{file}.wav") as sound:
        assert sound.getparams()[:3] == (1, 2, 8000)
        frames = sound.readframes(sound.getnframes())
    return [int.from_bytes(frames[n : n + 2], "little") for n in range(0, len(frames), 2)]


def test_one_file_says_all_of_them_in_their_order_and_is_made_once(tmp_path: Path) -> None:
    join = Joiner(tmp_path / "prompts")
    number, one = prompt(tmp_path, "agent-no", 1, 2), prompt(tmp_path, "digit-1", 3)
    made = join([number, one, one])
    assert samples(made) == [1, 2, 3, 3]
    before = os.stat(f"{made}.wav").st_ino
    assert join([number, one, one]) == made
    assert os.stat(f"{made}.wav").st_ino == before
    assert samples(join([one, number])) == [3, 1, 2]
    assert os.stat(f"{made}.wav").st_mode & 0o777 == 0o644, "Asterisk may be another user"


def test_one_prompt_alone_is_its_own_file(tmp_path: Path) -> None:
    number = prompt(tmp_path, "agent-no", 1)
    assert Joiner(tmp_path / "prompts")([number]) == number
    assert not (tmp_path / "prompts").exists()


def test_a_part_that_is_spoken_anew_is_heard_anew(tmp_path: Path) -> None:
    join = Joiner(tmp_path / "prompts")
    number, one = prompt(tmp_path, "agent-no", 1), prompt(tmp_path, "digit-1", 3)
    join([number, one])
    prompt(tmp_path, "digit-1", 4)
    os.utime(f"{one}.wav", ns=(0, 1))
    join.forget()
    assert samples(join([number, one])) == [1, 4]


def test_what_a_dead_machine_left_empty_is_made_again(tmp_path: Path) -> None:
    number, one = prompt(tmp_path, "agent-no", 1), prompt(tmp_path, "digit-1", 3)
    made = Joiner(tmp_path / "prompts")([number, one])
    Path(f"{made}.wav").write_bytes(b"")
    assert samples(Joiner(tmp_path / "prompts")([number, one])) == [1, 3]


@pytest.mark.parametrize("broken", ["missing", "empty", "another rate"])
def test_what_cannot_be_joined_is_said_and_leaves_nothing_behind(tmp_path: Path, broken: str) -> None:
    number, other = prompt(tmp_path, "agent-no", 1), str(tmp_path / "other")
    if broken == "empty":
        (tmp_path / "other.wav").touch()
    elif broken == "another rate":
        prompt(tmp_path, "other", 1, rate=16_000)
    with pytest.raises((OSError, ValueError)):
        Joiner(tmp_path / "prompts")([number, other])
    assert list(tmp_path.glob("prompts/.joined/*")) == []


def test_what_was_not_wanted_for_the_longest_time_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined, "MOST", 2)
    join, number = Joiner(tmp_path / "prompts"), prompt(tmp_path, "agent-no", 1)
    made = [join([number] * n) for n in (2, 3)]
    os.utime(f"{made[1]}.wav", ns=(0, 0))
    made.append(join([number] * 4))
    assert [Path(f"{one}.wav").exists() for one in made] == [True, False, True]
    assert Path(f"{join([number] * 3)}.wav").exists(), "made again when it is wanted again"

"""What `cti doctor` makes of what it sees."""

from __future__ import annotations

import pytest

from adapters.doctor import clocks


@pytest.mark.parametrize("theirs", [98.5, 100.0, 100.4, 102.3])
def test_clocks_that_agree_are_well_however_long_the_answer_took(theirs: float) -> None:
    assert clocks(theirs, 100.0, 100.5).ok


@pytest.mark.parametrize(("theirs", "apart"), [(40.0, "60 s"), (3700.5, "3600 s")])
def test_clocks_that_differ_are_told_with_what_mends_them(theirs: float, apart: str) -> None:
    check = clocks(theirs, 100.0, 100.5)
    assert not check.ok
    assert apart in check.says
    assert "set-ntp" in check.paste

"""docs/flows.md tells every type of node with its settings and exits, and every code of the checks."""

from __future__ import annotations

import re
from pathlib import Path

from cti.ivr import check, kind
from cti.ivr.check import POINTS_AT
from cti.ivr.kind import is_required, settings_of
from cti.ivr.nodes import kinds

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")


def test_every_type_is_told_with_its_settings_and_exits() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `")]
    told = {row[0].strip("`"): row for row in rows if len(row) == 5}
    assert set(told) == set(kinds)
    for name, row in told.items():
        known = settings_of(kinds[name])
        assert set(re.findall(r"\w+", row[2])) == set(known), name
        assert set(re.findall(r"\*\*(\w+)\*\*", row[2])) == {one for one in known if is_required(known[one][1])}, name
        for exit in (*kinds[name].exits, *kinds[name].optional):
            assert exit in re.findall(r"\w+", row[3]), f"{name}: {exit}"


def test_every_code_of_the_checks_is_told() -> None:
    source = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (check, kind))
    codes = set(re.findall(r'Problem\([\w.]+, "(\w+)"', source)) | {"missing_prompt"}
    codes |= {f"unknown_{what}" for what in POINTS_AT if what != "prompt"}
    assert len(codes) > 10
    for code in codes:
        assert f"`{code}`" in PAGE, code

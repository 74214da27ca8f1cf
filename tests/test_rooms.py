"""Who imports whom: `cti` needs the standard library alone, and no adapter knows another."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What knows all the rooms, and puts them together.
WIRING = {
    "main",
    "server",
    "records",
    "telling",
    "cli",
    "settings",
    "desks",
    "flows",
    "trials",
    "people",
    "places",
    "prompts",
    "lookups",
    "archive",
    "metrics",
    "doctor",
    "logs",
    "crm",
    "entry",
    "entry_edits",
    "front",
    "incidents",
    "switchboard",
    "visits",
    "voicemails",
    "audit",
    "organisation",
    "provisioning",
    "sip_edits",
}


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            found.add(node.module or "")
    return found


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("file", files("cti"), ids=lambda f: str(f.relative_to(ROOT)))
def test_the_core_needs_the_standard_library_alone(file: Path) -> None:
    for name in imports(file):
        top = name.partition(".")[0]
        assert top == "cti" or top in sys.stdlib_module_names, f"{file.name} imports {name}"
        assert top not in ("socket", "sqlite3", "subprocess"), f"{file.name} touches the world through {name}"


@pytest.mark.parametrize("file", files("adapters"), ids=lambda f: str(f.relative_to(ROOT)))
def test_no_adapter_knows_another(file: Path) -> None:
    parts = file.relative_to(ROOT / "adapters").parts
    own = parts[0].removesuffix(".py")
    if own in WIRING | {"__init__"}:
        return
    for name in imports(file):
        words = name.split(".")
        if words[0] == "adapters":
            assert words[1] == own, f"{file.relative_to(ROOT)} imports {name}"
        assert words[0] != "tests", f"{file.relative_to(ROOT)} imports {name}"


def test_panoramisk_is_met_in_one_room_only() -> None:
    for file in files("adapters"):
        if any(name.partition(".")[0] == "panoramisk" for name in imports(file)):
            assert file.parent == ROOT / "adapters" / "asterisk"

"""The documents say what is: links lead somewhere, named files, commands, settings, numbers and events exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from pydantic import SecretStr

from adapters.asterisk.decode import WANTED
from adapters.cli import app
from adapters.desktop.settings import Limits
from adapters.settings import Settings
from adapters.web.problems import CODES, STATUS
from cti.errors import Refused
from cti.routing import strategies
from tests import draw_states

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "asterisk-config").glob("*.md"), *(ROOT / "tests").rglob("*.md")]
)
KEPT = {"architecture", "routing", "metrics", "call-states", "desktop-protocol", "api", "asterisk", "operations"}
ROOMS = ("cti/", "adapters/", "tests/", "dialplans/", "asterisk-config/", "migrations/", "web/", "docs/")
MADE = ("web/dist",)  # by `make`, so it need not be there
CHINESE = re.compile(r"[\u4e00-\u9fff]")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def rows(page: Path) -> list[list[str]]:
    """The cells of every table row; a `|` that is escaped does not end a cell."""
    lines = (line for line in text(page).splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def ticked(words: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", words)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


# --- pages ---------------------------------------------------------------------------------------------------------


def test_every_page_of_the_house_is_there() -> None:
    assert {page.stem for page in DOCS.glob("*.md")} >= KEPT
    assert all((ROOT / name).is_file() for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"))


@each_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, place = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} leads nowhere"
        if place:
            headings = re.findall(r"^#+ (.+)$", text(there), re.MULTILINE)
            assert place in map(anchor, headings), f"{target}: no such heading"


@each_page
def test_named_files_exist(page: Path) -> None:
    for name in ticked(text(page)):
        path = name.partition("::")[0]
        if not path.startswith(ROOMS) or path.startswith(MADE) or re.search(r"[<>*{}\s]", path):
            continue
        assert (ROOT / path).exists(), f"{name} is not there"


@each_page
def test_named_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE))
    for name in re.findall(r"\bmake ([a-z]+)\b", " ".join([*ticked(text(page)), *fenced(page)])):
        assert name in targets, f"make {name} is no target"


@each_page
def test_named_cti_commands_exist(page: Path) -> None:
    for words in re.findall(r"(?:^|[\s/(])cti((?: [a-z]+)+)", "\n".join([*ticked(text(page)), *fenced(page)]), re.M):
        found: object = typer.main.get_command(app)
        for word in words.split():
            commands = getattr(found, "commands", None)
            if commands is None:
                break  # what follows a command is its own affair
            assert word in commands, f"cti{words}: there is no {word}"
            found = commands[word]


def fenced(page: Path) -> list[str]:
    return [
        line.partition(" #")[0]
        for block in re.findall(r"^```[a-z]*\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if not line.startswith(("git ", "|"))
    ]


@each_page
def test_a_page_speaks_of_the_product_alone(page: Path) -> None:
    assert not re.search(r"/(?:root|work|home/\w+)/", text(page)), "a path of somebody's machine"


# --- tables of the code --------------------------------------------------------------------------------------------


def test_the_states_are_drawn_as_the_tables_have_them() -> None:
    assert text(draw_states.FILE) == draw_states.draw(), "run: python -m tests.draw_states"


def test_every_setting_is_described_with_its_default() -> None:
    told = {ticked(row[0])[0]: row[1:] for row in rows(DOCS / "operations.md") if row[0].startswith("`CTI_")}
    assert list(told) == [f"CTI_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default, words = told[f"CTI_{name.upper()}"]
        plain = field.default.get_secret_value() if isinstance(field.default, SecretStr) else str(field.default)
        assert default == (f"`{plain}`" if plain else ""), name
        assert words or name.endswith(("_secret", "_port")), name


def test_every_strategy_is_defined() -> None:
    told = {ticked(row[0])[0]: row for row in rows(DOCS / "routing.md") if ticked(row[0])}
    for name in strategies:
        assert CHINESE.search(told[name][1]), name
        assert told[name][2], name


def test_every_metric_has_a_formula() -> None:
    told = {ticked(row[0])[0].partition("{")[0] for row in rows(DOCS / "metrics.md") if row[0].startswith("`cti_")}
    found: set[str] = set()
    for file in ROOT.glob("adapters/**/metrics.py"):
        for kind, name in re.findall(r'(\w+)\(\s*"(cti_[a-z_]+)"', text(file)):
            found.add(f"{name}_total" if kind.startswith("Counter") else name)
    assert told == found


def test_every_event_of_asterisk_that_we_want_is_named() -> None:
    page = text(DOCS / "asterisk.md")
    assert all(f"`{name.decode()}`" in page for name in WANTED)


def test_every_context_variable_and_user_event_is_described() -> None:
    page = text(DOCS / "asterisk.md")
    for file in (ROOT / "dialplans").glob("*.conf"):
        plan = "\n".join(line for line in text(file).splitlines() if not line.lstrip().startswith(";"))
        for name in re.findall(r"\bCTI_[A-Z_]+|\bCti[A-Z]\w+", plan):
            assert name in page, f"{file.name}: {name}"
        if file.name != "cti-bench.conf":
            assert f"`dialplans/{file.name}`" in page


# --- the contracts of the exits ------------------------------------------------------------------------------------


def published() -> Iterator[str]:
    """The type of every event the core publishes, read from the code."""
    makers = {"News": "", "news_of": "call.", "_news": "screen_pop.", "_supervision": "supervision."}
    for file in sorted((ROOT / "cti").rglob("*.py")):
        for node in ast.walk(ast.parse(text(file))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers):
                continue
            words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from (makers[node.func.id] + word for word in words[:1])


def test_every_published_event_has_its_csta_alias_and_its_chinese_word() -> None:
    lines = [row for row in rows(DOCS / "desktop-protocol.md") if re.match(r"`[a-z_]+\.[a-z_]+`", row[0])]
    told = {name: row for row in lines if len(row) == 4 for name in ticked(row[0])}
    found = set(published())
    assert len(found) > 15, "the walk over the code finds nothing any more"
    assert set(told) == found
    for name, row in told.items():
        _, _, chinese, csta = row
        assert CHINESE.search(chinese), name
        assert re.fullmatch(r"–|[a-z]\w+(, [a-z]\w+)*", csta), name


def test_every_refusal_is_on_the_list_of_codes() -> None:
    def kinds(root: type[Refused]) -> Iterator[type[Refused]]:
        for kind in root.__subclasses__():
            yield kind
            yield from kinds(kind)

    page = text(DOCS / "api.md")
    codes = {kind.code for kind in kinds(Refused) if kind.__module__.startswith(("cti.", "adapters."))}
    for code in codes | set(CODES.values()) | {kind.code for kind, _ in STATUS if kind is not Refused}:
        assert f"`{code}`" in page, code


def test_the_limits_of_the_event_stream_are_as_written() -> None:
    page, limits = text(DOCS / "desktop-protocol.md"), Limits()
    assert f"no hello within {limits.hello:.0f} s" in page
    assert f'"heartbeat":{limits.heartbeat:.0f}' in page
    assert f"fell {limits.outbox_events:,} events or {limits.outbox_bytes >> 20} MiB behind" in page
    assert f"answered no ping for {limits.silence:.0f} s" in page
    assert f"a {limits.connections + 1}st connection" in page

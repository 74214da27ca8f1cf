"""There is no way to the outside world but through `DialRules.allow`: in the code, and in what Asterisk reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from adapters.asterisk.agi_line import APPLICATIONS

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = sorted(file for room in ("cti", "adapters") for file in (ROOT / room).rglob("*.py"))


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """Every call in the code, and where it stands: file and function."""
    return [
        found
        for file in SOURCES
        for found in within(ast.parse(file.read_text(encoding="utf-8")), str(file.relative_to(ROOT)), "")
    ]


def within(tree: ast.AST, file: str, function: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield f"{file}:{function}", node
        its_own = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield from within(node, file, its_own)


def named(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def first_word(node: ast.Call, nth: int = 0) -> str:
    found = node.args[nth] if len(node.args) > nth else None
    return str(found.value) if isinstance(found, ast.Constant) else ""


def test_only_the_rules_of_dialling_make_a_number_that_may_be_dialled() -> None:
    """The type checker sees to the rest: whoever dials takes a `Diallable` and nothing else."""
    makers = {where for where, node in calls() if named(node) == "Diallable"}
    casts = {where for where, node in calls() if named(node) == "cast" and "Diallable" in ast.dump(node)}
    assert makers == {"cti/control/dialling.py:allow"}
    assert not casts


def test_asterisk_is_asked_to_call_or_to_move_somebody_in_these_places_alone() -> None:
    asked: dict[str, set[str]] = {}
    for where, node in calls():
        if named(node) == "Action":
            asked.setdefault(first_word(node), set()).add(where)
    assert asked["Originate"] == {"adapters/asterisk/control.py:originate", "adapters/asterisk/control.py:say_to"}
    assert asked["Redirect"] == {"adapters/asterisk/redirects.py:redirect"}
    assert not set(asked) & {"BlindTransfer", "Atxfer", "Command", "DialplanExtensionAdd", "AGI", "LocalOptimizeAway"}


def test_a_trunk_is_dialled_where_an_invitation_is_written_and_nowhere_else_in_the_code() -> None:
    by_a_trunk = re.compile(r"PJSIP/[^\s\"']*@")
    dialled = {str(file.relative_to(ROOT)) for file in SOURCES if by_a_trunk.search(file.read_text(encoding="utf-8"))}
    assert dialled == {"adapters/asterisk/control.py"}


def test_the_door_of_fastagi_dials_nobody_itself() -> None:
    assert not APPLICATIONS & {"Dial", "Originate", "Transfer", "Queue", "Exec", "ExecIf", "TryExec", "Macro", "Gosub"}


def test_callers_are_sent_out_from_the_door_with_an_allowed_number_alone() -> None:
    out = {where for where, node in calls() if named(node) == "_send" and first_word(node, 1) == "number"}
    assert out == {"adapters/switchboard.py:_send_out"}
    ways = {first_word(node, 1) for _, node in calls() if named(node) == "_send"}
    assert ways >= {"number", "queue", "hangup"}


# --- what Asterisk reads ----------------------------------------------------------------------------------------------

Step = tuple[str, str]


def plan() -> dict[str, list[str]]:
    """The steps of each context, without comments."""
    found: dict[str, list[str]] = {}
    context = ""
    for file in sorted((ROOT / "dialplans").glob("*.conf")):
        for line in file.read_text(encoding="utf-8").splitlines():
            text = re.sub(r"(?<!\\);.*", "", line).strip()
            if text.startswith("["):
                context = text[1:].partition("]")[0]
            elif "=>" in text:
                found.setdefault(context, []).append(text.partition("=>")[2].strip())
    return found


PLAN: Final = plan()
DIALS: Final = [(context, step) for context, steps in PLAN.items() for step in steps if "Dial(" in step]
BY_A_TRUNK: Final = "@${CTI_TRUNK}"
OUT: Final = {
    "cti-consult": "${CTI_NUMBER}@",
    "cti-call": "${CTI_NUMBER}@",
    "cti-out": "${FILTER(0-9,${CUT(EXTEN,_,4)})}",
    "cti-go": "${FILTER(0-9+*#,${URIDECODE(${CTI_ARG})})}",
    "cti-fallback-number": "${FILTER(0-9,${EXTEN})}",
}
"""Contexts that dial the outside world, and what cleans the number. The server leads into all of them but the last,
whose number the operator has set (`CTI_FALLBACK`)."""


def test_the_outside_world_is_dialled_from_these_contexts_each_with_a_cleaned_number() -> None:
    assert {context for context, step in DIALS if BY_A_TRUNK in step} == set(OUT)
    assert {step for _, step in DIALS if "@" in step and BY_A_TRUNK not in step} == set()
    made = [step for step in PLAN["cti-shown"] if "CTI_NUMBER=" in step]
    assert len(made) == 2
    assert all("CTI_NUMBER=${FILTER(0-9,${ARG2})}" in step for step in made)
    for context, cleaned in OUT.items():
        assert any(cleaned in step for step in PLAN[context]), context


@pytest.mark.parametrize(("context", "step"), DIALS, ids=lambda word: word[:60])
def test_no_key_means_anything_to_whoever_talks_and_no_phone_forwards(context: str, step: str) -> None:
    """Features of Dial: t T k K w W x X h H g F and more; only these may stand there."""
    bare, before = step[step.index("Dial(") + 5 : step.rindex(")")], ""
    while bare != before:  # without values, from the inside out
        bare, before = re.sub(r"\([^()]*\)|\$\{[^{}]*\}|\$\[[^][]*\]", "", bare), bare
    options = bare.rpartition(",")[2]
    assert set(options) <= set("gimb"), (context, options)
    assert "i" in options, "a phone could forward the call elsewhere"


def reachable(start: str) -> set[str]:
    """The contexts to which steps lead from here by themselves: what a phone or a caller reaches without the server."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        context = todo.pop()
        if context in seen:
            continue
        seen.add(context)
        for step in PLAN.get(context, ()):
            todo += re.findall(r"(?:Goto|Gosub)(?:If)?\((?:[^?]*\?)?(cti-[a-z-]+),", step)
            todo += re.findall(r"[?:](cti-[a-z-]+),", step)
    return seen


def test_neither_phones_nor_callers_reach_a_way_out_without_the_server() -> None:
    """`cti-go` is where the server says where to go; its ways are words of its own, not what anybody dials."""
    assert reachable("cti-agents") | reachable("cti-trunk") >= {"cti-wait", "cti-entry", "cti-go"}
    found = (reachable("cti-agents") | reachable("cti-trunk")) & set(OUT)
    assert found <= {"cti-go", "cti-fallback-number"}
    led = [step for steps in PLAN.values() for step in steps if "cti-go," in step]
    assert all(re.search(r"cti-go,(\$\{CTI_NEXT\}|queue),1", step) for step in led), led


@pytest.mark.parametrize("context", ["cti-agents", "cti-trunk"])
def test_what_may_be_dialled_by_hand_is_numbers_of_the_house_digit_by_digit(context: str) -> None:
    patterns = [step.partition(",")[0] for step in PLAN[context] if not step.startswith(("n,", "n("))]
    assert patterns
    for pattern in patterns:
        assert re.fullmatch(r"\d{4}|_[0-9XZN\[\]-]{4,12}", pattern), pattern
        assert len(re.sub(r"\[[^]]*\]", "X", pattern.lstrip("_"))) == 4, pattern
    assert not any(BY_A_TRUNK in step for step in PLAN[context])


def test_which_trunk_it_is_the_server_says_or_the_operator_and_nobody_who_calls() -> None:
    said = {step.partition("CTI_TRUNK=")[2] for steps in PLAN.values() for step in steps if "Set(CTI_TRUNK=" in step}
    by_tenant = "${GLOBAL(CTI_TRUNK_${CTI_TENANT})}"
    assert said == {
        r"${FILTER(A-Za-z0-9\x2d,${CUT(EXTEN,_,5)})})",
        "${GLOBAL(CTI_TRUNK)})",
        f'${{IF($["{by_tenant}" = ""]?${{GLOBAL(CTI_TRUNK)}}:{by_tenant})}})',
    }

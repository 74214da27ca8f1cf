"""What may be published: every problem names its node, and a flow without one leaves nobody behind."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cti.ivr.check import Known, check, references
from cti.ivr.flow import Flow, from_dict
from cti.ivr.nodes import kinds
from tests.cti.ivr.flows import END, HELLO, flow_of, node

KEY_1 = {"1": "end", "timeout": "end", "invalid": "end"}
MENU = node("menu", KEY_1, prompts=["menu"])


def found(flow: Flow, known: Known | None = None) -> list[tuple[str, str]]:
    return [(problem.node, problem.code) for problem in check(flow, known)]


def test_a_sound_flow_has_no_problems() -> None:
    flow = flow_of(MENU, back=HELLO)
    assert found(flow) == [("back", "unreachable")]
    assert found(flow_of(MENU)) == []


@pytest.mark.parametrize(
    ("first", "code", "words"),
    [
        ({"type": "dance"}, "unknown_type", "there is no type dance; there are callback, collect, hang_up"),
        (node("play", {"next": "end"}), "missing_setting", "the setting prompts is missing"),
        (node("play", {"next": "end"}, prompts=["a"], loud=1), "unknown_setting", "loud is no setting of play"),
        (node("play", {"next": "end"}, prompts="a"), "bad_setting", "prompts is to be a list of 1 to 20"),
        (node("play", {"next": "end"}, prompts=[]), "bad_setting", "prompts is to be a list of 1 to 20"),
        (node("play", {"next": "end"}, prompts=[7]), "bad_setting", "in quotes if it looks like a number"),
        (node("play", {"next": "end"}, prompts=["../etc/passwd"]), "bad_setting", "the name of a prompt"),
        (node("play", {"next": "end"}, prompts=["fr:a"]), "bad_setting", "the name of a prompt"),
        (node("play", {"next": "end"}, prompts=["${x}"]), "bad_setting", "the name of a prompt"),
        (node("play", {"next": "end"}, prompts=["a"], barge_in="no"), "bad_setting", "true or false"),
        (node("play", prompts=["a"]), "missing_exit", "the exit next is missing"),
        (node("play", {"next": "end", "1": "end"}, prompts=["a"]), "unknown_exit", "play has no exit 1; there are"),
        (node("menu", {"timeout": "end", "invalid": "end"}, prompts=["a"]), "missing_exit", "no key is an exit"),
        (node("menu", {"1": "end", "timeout": "end"}, prompts=["a"]), "missing_exit", "the exit invalid is missing"),
        (node("menu", {**KEY_1, "12": "end"}, prompts=["a"]), "unknown_exit", "12"),
        (node("menu", KEY_1, prompts=["a"], tries=0), "bad_setting", "tries is to be a whole number from 1"),
        (node("menu", KEY_1, prompts=["a"], tries=True), "bad_setting", "a whole number"),
        (node("menu", KEY_1, prompts=["a"], seconds=0.1), "bad_setting", "seconds from 0.5 to 60"),
        (node("say", {"next": "end"}, kind="poem", value="1"), "bad_setting", "kind is to be one of digits"),
        (node("say", {"next": "end"}, kind="digits", value=1), "bad_setting", "in quotes if it looks like a number"),
        (node("say", {"next": "end"}, kind="digits", value="${X}"), "bad_setting", "written ${like_this}"),
        (node("set", {"next": "end"}, variables={}), "bad_setting", "a mapping of 1 to 50"),
        (node("set", {"next": "end"}, variables={"caller": "1"}), "bad_setting", "are taken"),
        (node("set", {"next": "end"}, variables={"language": "fr"}), "bad_setting", "language is one of zh, en"),
        (node("to_agent", agent="${a}"), "bad_setting", "an agent from a variable needs the exit otherwise"),
        (node("to_number", number="${a}"), "bad_setting", "a number from a variable needs the exit otherwise"),
        (node("to_number", number="911;x"), "bad_setting", "number is digits"),
        (node("to_queue", {"next": "end"}, queue="sales"), "unknown_exit", "to_queue has no exit next; there are none"),
        (node("to_queue", queue="a,b"), "bad_setting", "the name of a queue"),
        (node("to_queue", queue="sales", skills={"en": 11}), "bad_setting", "a whole number from 1 to 10"),
        (node("lookup", {"found": "end", "not_found": "end", "failed": "end"}, source="http"), "bad_setting", "url"),
        (node("survey", {"answered": "end", "unanswered": "end"}, survey="s", question="q", prompts=["a"],
              answers={"12": "x"}), "bad_setting", "one key, in quotes"),
        (node("hang_up", cause="boredom"), "bad_setting", "cause is to be one of normal, busy, rejected"),
    ],
)  # fmt: skip
def test_a_problem_names_its_node_and_says_what_would_be_right(
    first: Mapping[str, object], code: str, words: str
) -> None:
    problem = check(flow_of(first))[0]
    assert (problem.node, problem.code) == ("first", code)
    assert words in problem.message


@pytest.mark.parametrize(
    "url",
    [
        "ftp://crm.test/", "crm.test/find", "http://${host}/", "http://crm.test${path}", "http://a@b/", "https://",
        "http://x\\@evil.test/", "http://x /", 7,
    ],
)  # fmt: skip
def test_no_variable_chooses_which_host_is_asked(url: object) -> None:
    exits = {"found": "end", "not_found": "end", "failed": "end"}
    assert found(flow_of(node("lookup", exits, source="http", url=url))) == [("first", "bad_setting")]
    assert found(flow_of(node("lookup", exits, source="http", url="https://crm.test/find?n=${caller}"))) == []


def test_an_exit_that_leads_nowhere_is_named() -> None:
    flow = from_dict({"name": "f", "start": "a", "nodes": {"a": node("play", {"next": "b"}, prompts=["x"])}})
    assert found(flow) == [("a", "exit_to_nowhere")]


def test_what_a_node_points_at_has_to_be_there() -> None:
    flow = flow_of(
        node(
            "menu", {str(n): f"n{n}" for n in range(7)} | {"timeout": "n0", "invalid": "n0"}, prompts=["menu", "en:x"]
        ),
        n0=node("to_queue", queue="sales"),
        n1=node("to_flow", flow="other"),
        n2=node("to_agent", agent="1001"),
        n3=node("hours", {"otherwise": "n0"}, schedule="office"),
        n4=node("voicemail", box="main"),
        n5=node("callback", {"declined": "n0"}, queue="support", prompts=["offer"]),
        n6=node("to_flow", flow="f"),  # itself
    )
    nothing: list[str] = []
    known = Known(queues=nothing, flows=nothing, agents=nothing, schedules=nothing, boxes=nothing, prompts=["menu"])
    assert found(flow) == []
    assert found(flow, known) == [
        ("first", "missing_prompt"),
        ("n0", "unknown_queue"),
        ("n1", "unknown_flow"),
        ("n2", "unknown_agent"),
        ("n3", "unknown_schedule"),
        ("n4", "unknown_box"),
        ("n5", "unknown_queue"),
        ("n5", "missing_prompt"),
    ]
    assert references(flow, "queue") == {"sales", "support"}
    assert references(flow, "prompt") == {"menu", "x", "offer"}
    assert references(flow, "flow") == {"other", "f"}


def test_what_comes_from_a_variable_is_not_looked_for() -> None:
    flow = flow_of(node("to_agent", {"otherwise": "end"}, agent="${customer.agent}"))
    assert found(flow, Known(agents=())) == []
    assert references(flow, "agent") == frozenset()


def test_references_of_a_broken_flow_are_those_that_can_be_read() -> None:
    assert references(flow_of(node("play", {"next": "q"}), q=node("to_queue", queue="sales")), "queue") == {"sales"}


def again(kind: str, way: str, /, **settings: object) -> dict[str, object]:
    """A node that leads back to itself by one exit and to the end by all others."""
    exits = dict.fromkeys(kinds[kind].exits, "end")
    if kinds[kind].free == "keys":
        exits["1"] = "end"
    return node(kind, exits | {way: "first"}, **settings)


COLLECT: dict[str, object] = {"prompts": ["a"], "variable": "x", "length": 4}


@pytest.mark.parametrize(
    "first",
    [
        again("play", "next", prompts=["a"]),
        again("menu", "timeout", prompts=["a"]),
        again("collect", "timeout", **COLLECT),
        again("record", "empty", prompts=["a"]),
        again("hours", "open", schedule="s"),
        again("test", "no", value="${x}"),
        again("lookup", "failed"),
        again("callback", "declined", queue="q", prompts=["a"]),
        again("to_agent", "otherwise", agent="1001"),
    ],
)
def test_a_loop_that_needs_nothing_typed_is_refused(first: dict[str, object]) -> None:
    problem = check(flow_of(first))[0]
    assert (problem.node, problem.code) == ("first", "loop_without_input")
    assert "first -> first" in problem.message


@pytest.mark.parametrize(
    "first",
    [
        again("menu", "1", prompts=["a"]),
        again("menu", "invalid", prompts=["a"]),
        again("collect", "done", **COLLECT),
        again("collect", "invalid", **COLLECT),
        again("survey", "answered", survey="s", question="q", prompts=["a"], answers={"1": "x"}),
    ],
)
def test_a_loop_that_goes_on_only_while_the_caller_types_is_fine(first: dict[str, object]) -> None:
    assert [code for _, code in found(flow_of(first)) if code != "unreachable"] == []


def test_a_long_loop_is_told_once_and_shown() -> None:
    flow = flow_of(
        node("play", {"next": "b"}, prompts=["a"]),
        b=node("test", {"yes": "c", "no": "end"}, value="x"),
        c=node("menu", {"1": "end", "timeout": "b", "invalid": "b"}, prompts=["a"]),
    )
    loops = [problem for problem in check(flow) if problem.code == "loop_without_input"]
    assert [(loop.node, loop.message.partition(": ")[2]) for loop in loops] == [("b", "b -> c -> b")]


def test_the_longest_flow_is_checked_without_running_out_of_stack() -> None:
    chain = {f"n{n}": node("play", {"next": f"n{n + 1}"}, prompts=["a"]) for n in range(499)}
    flow = from_dict({"name": "f", "start": "n0", "nodes": {**chain, "n499": END}})
    assert check(flow) == ()
    back = {**chain, "n499": node("play", {"next": "n0"}, prompts=["a"])}
    assert found(from_dict({"name": "f", "start": "n0", "nodes": back})) == [("n0", "loop_without_input")]

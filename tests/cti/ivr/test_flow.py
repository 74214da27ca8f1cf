"""A flow as a document: read whole or refused by name, and written back as it was."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ivr.flow import MOST_NODES, from_dict, to_dict
from cti.ivr.problems import BadFlow

PLAIN = {
    "name": "main",
    "title": "总机",
    "language": "en",
    "start": "hello",
    "nodes": {
        "hello": {
            "type": "play",
            "title": "问候",
            "settings": {"prompts": ["greeting"], "barge_in": False},
            "exits": {"next": "menu"},
            "place": [10, -20.5],
        },
        "menu": {
            "type": "menu",
            "settings": {"prompts": ["menu"]},
            "exits": {"1": "end", "#": "end", "timeout": "end"},
        },
        "end": {"type": "hang_up"},
    },
}

ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts | st.floats(-1e9, 1e9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, object]:
    """Anything that has the shape of a flow, whatever its nodes mean."""
    names = draw(st.lists(ids, min_size=1, max_size=5, unique=True))
    nodes = {}
    for name in names:
        node: dict[str, object] = {"type": draw(ids)}
        for field, strategy in {
            "title": texts.filter(bool),
            "settings": st.dictionaries(ids, values, min_size=1, max_size=3),
            "exits": st.dictionaries(ids | st.sampled_from("*#0"), st.sampled_from(names), min_size=1, max_size=3),
            "place": st.tuples(st.integers(-999, 999), st.floats(-999, 999)).map(list),
        }.items():
            if draw(st.booleans()):
                node[field] = draw(strategy)
        nodes[name] = node
    title = draw(texts)
    return {
        "name": draw(ids),
        **({"title": title} if title else {}),
        "language": draw(st.sampled_from(["zh", "en"])),
        "start": draw(st.sampled_from(names)),
        "nodes": nodes,
    }


def problems(document: object) -> list[tuple[str, str]]:
    with pytest.raises(BadFlow) as refused:
        from_dict(document)
    assert refused.value.code == "flow_broken"
    return [(problem.node, problem.code) for problem in refused.value.problems]


def test_a_flow_is_written_as_it_was_read() -> None:
    assert to_dict(from_dict(PLAIN)) == PLAIN


@given(documents())
def test_every_flow_survives_a_round_trip_by_way_of_text(document: dict[str, object]) -> None:
    flow = from_dict(document)
    written = to_dict(flow)
    assert written == document
    assert from_dict(json.loads(json.dumps(written))) == flow
    nodes = written["nodes"]
    assert isinstance(nodes, dict)
    assert list(nodes) == list(flow.nodes)


def test_a_flow_does_not_change_with_the_document_it_came_from() -> None:
    document = json.loads(json.dumps(PLAIN))
    flow = from_dict(document)
    document["nodes"]["hello"]["settings"]["prompts"].append("x")
    written = to_dict(flow)
    assert written == PLAIN
    assert isinstance(written["nodes"], dict)
    written["nodes"]["hello"]["settings"]["prompts"].append("x")
    assert to_dict(flow) == PLAIN


def node_with(**fields: object) -> dict[str, object]:
    return {"name": "main", "start": "a", "nodes": {"a": {"type": "play", **fields}}}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (None, ("", "bad_flow")),
        ([], ("", "bad_flow")),
        ({"name": "x", "start": "a", "nodes": {}}, ("", "no_nodes")),
        ({"name": "x", "start": "b", "nodes": {"a": {"type": "play"}}}, ("", "no_start")),
        ({"name": "../x", "start": "a", "nodes": {"a": {"type": "play"}}}, ("", "bad_name")),
        ({"name": "x", "start": "a", "colour": 1, "nodes": {"a": {"type": "play"}}}, ("", "unknown_field")),
        ({"name": "x", "language": "fr", "start": "a", "nodes": {"a": {"type": "play"}}}, ("", "bad_language")),
        ({"name": "x", "title": "a\nb", "start": "a", "nodes": {"a": {"type": "play"}}}, ("", "bad_title")),
        ({"name": "x", "start": "a", "nodes": {"a": {"type": "play"}, 1: {"type": "play"}}}, ("1", "bad_name")),
        ({"name": "x", "start": "a", "nodes": {"a": "play"}}, ("a", "bad_node")),
        ({"name": "x", "start": "a", "nodes": {"a": {}}}, ("a", "bad_type")),
        (node_with(prompts=["hello"]), ("a", "unknown_field")),
        (node_with(title=7), ("a", "bad_title")),
        (node_with(place=[1]), ("a", "bad_place")),
        (node_with(place=[math.nan, 1]), ("a", "bad_place")),
        (node_with(settings=[]), ("a", "bad_settings")),
        (node_with(settings={"x": math.inf}), ("a", "bad_settings")),
        (node_with(settings={"x": 2**60}), ("a", "bad_settings")),
        (node_with(settings={"x": object()}), ("a", "bad_settings")),
        (node_with(settings={"x": "y" * 2001}), ("a", "bad_settings")),
        (node_with(settings={"x": "\ud800"}), ("a", "bad_settings")),
        (node_with(settings={"x": "\0"}), ("a", "bad_settings")),
        (node_with(settings={"x": {1: 2}}), ("a", "bad_settings")),
        (node_with(settings={"x": [[[[[[1]]]]]]}), ("a", "bad_settings")),
        (node_with(settings={"x": [0] * 201}), ("a", "bad_settings")),
        (node_with(exits=[]), ("a", "bad_exits")),
        (node_with(exits={1: "a"}), ("a", "bad_exit")),  # an editor of YAML forgot the quotes
        (node_with(exits={True: "a"}), ("a", "bad_exit")),  # so did one who wrote yes
        (node_with(exits={"x y": "a"}), ("a", "bad_exit")),
        (node_with(exits={"next": 5}), ("a", "bad_exit")),
    ],
)
def test_what_is_not_understood_is_refused_naming_its_node(document: object, found: tuple[str, str]) -> None:
    assert problems(document) == [found]


def test_all_that_is_wrong_is_told_at_once() -> None:
    nodes = {"a": {"type": "play", "colour": "red"}, "b": {"exits": {"next": 1}}}
    assert problems({"name": "", "start": "c", "nodes": nodes}) == [
        ("", "bad_name"),
        ("", "no_start"),
        ("a", "unknown_field"),
        ("b", "bad_type"),
        ("b", "bad_exit"),
    ]
    with pytest.raises(BadFlow, match=r"^node a: 'colour' is no field of a node \(and 1 more\)$"):
        from_dict({"name": "x", "start": "a", "nodes": nodes | {"b": {"type": "play", "exits": {"next": 1}}}})


def test_a_flow_has_at_most_500_nodes() -> None:
    nodes = {f"n{n}": {"type": "hang_up"} for n in range(MOST_NODES)}
    assert len(from_dict({"name": "x", "start": "n0", "nodes": nodes}).nodes) == 500
    assert problems({"name": "x", "start": "n0", "nodes": nodes | {"more": {"type": "hang_up"}}}) == [
        ("", "too_many_nodes")
    ]


@given(st.recursive(values, lambda inner: st.dictionaries(ids, inner, max_size=4), max_leaves=20))
def test_no_document_does_worse_than_be_refused(document: object) -> None:
    with contextlib.suppress(BadFlow):
        from_dict(document)

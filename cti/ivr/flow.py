"""A flow 流程: a graph of nodes as data, read from what JSON or YAML gave and written back without loss.

It knows the shape of a flow. What a node's settings and exits mean is in `nodes/`, what makes a flow fit to be
published in `check.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cti.ivr.problems import BadFlow, Problem

MOST_NODES: Final = 500
LONGEST_TEXT: Final = 2000
DEEPEST: Final = 5
MOST_ITEMS: Final = 200
LANGUAGES: Final = ("zh", "en")

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Of flows and of nodes."""

EXIT: Final = re.compile(r"[0-9*#]|[a-z0-9][a-z0-9_-]{0,63}")

_FLOW_FIELDS: Final = ("name", "title", "language", "start", "nodes")
_NODE_FIELDS: Final = ("type", "title", "settings", "exits", "place")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step of a flow. `exits`: name of an exit -> id of the node it leads to. `place`: where an editor draws it."""

    id: str
    type: str
    title: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    exits: Mapping[str, str] = field(default_factory=dict)
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`version` is what the store published it as, and no part of the document."""

    name: str
    start: str
    nodes: Mapping[str, Node]
    title: str = ""
    language: str = "zh"
    version: int = field(default=0, compare=False)


def to_dict(flow: Flow) -> dict[str, object]:
    """The document of a flow, in the order of its fields; what is empty is left out."""
    document: dict[str, object] = {"name": flow.name}
    if flow.title:
        document["title"] = flow.title
    document |= {"language": flow.language, "start": flow.start}
    document["nodes"] = {node.id: _node_to_dict(node) for node in flow.nodes.values()}
    return document


def _node_to_dict(node: Node) -> dict[str, object]:
    document: dict[str, object] = {"type": node.type}
    if node.title:
        document["title"] = node.title
    if node.settings:
        document["settings"] = _copy(node.settings)
    if node.exits:
        document["exits"] = dict(node.exits)
    if node.place is not None:
        document["place"] = list(node.place)
    return document


def from_dict(document: object) -> Flow:
    """The flow that a document describes; whatever is not understood is refused as BadFlow, naming its node."""
    problems = list(_faults(document))
    if problems:
        raise BadFlow(problems)
    assert isinstance(document, Mapping)
    nodes = {
        name: Node(
            id=name,
            type=node["type"],
            title=node.get("title", ""),
            settings=_copy(node.get("settings", {})),
            exits=dict(node.get("exits", {})),
            place=tuple(node["place"]) if "place" in node else None,
        )
        for name, node in document["nodes"].items()
    }
    return Flow(
        name=document["name"],
        title=document.get("title", ""),
        language=document.get("language", "zh"),
        start=document["start"],
        nodes=nodes,
    )


def _copy(value: object) -> dict[str, object]:
    """A deep copy, so that nobody changes a flow through the document it came from."""

    def copied(one: object) -> object:
        if isinstance(one, Mapping):
            return {key: copied(inner) for key, inner in one.items()}
        return [copied(inner) for inner in one] if isinstance(one, list | tuple) else one

    made = copied(value)
    assert isinstance(made, dict)
    return made


def _faults(document: object) -> Iterator[Problem]:
    if not isinstance(document, Mapping):
        yield Problem("", "bad_flow", "a flow is a mapping with name, language, start and nodes")
        return
    for name in document:
        if name not in _FLOW_FIELDS:
            yield Problem("", "unknown_field", f"{_shown(name)} is no field of a flow")
    if not _is_name(document.get("name")):
        yield Problem("", "bad_name", f"the name of a flow is of a-z, 0-9, - and _: {_shown(document.get('name'))}")
    if not _is_title(document.get("title", "")):
        yield Problem("", "bad_title", "the title is a text of up to 200 characters")
    if document.get("language", "zh") not in LANGUAGES:
        yield Problem("", "bad_language", f"the language is one of {', '.join(LANGUAGES)}")
    nodes = document.get("nodes")
    if not isinstance(nodes, Mapping) or not nodes:
        yield Problem("", "no_nodes", "a flow has nodes: a mapping from their ids")
        return
    if len(nodes) > MOST_NODES:
        yield Problem("", "too_many_nodes", f"a flow has at most {MOST_NODES} nodes, not {len(nodes)}")
        return
    if not isinstance(document.get("start"), str) or document["start"] not in nodes:
        yield Problem("", "no_start", f"start names the first node; there is no {_shown(document.get('start'))}")
    for name, node in nodes.items():
        if not _is_name(name):
            yield Problem(_shown(name), "bad_name", "the id of a node is of a-z, 0-9, - and _, in quotes if a number")
        else:
            yield from _node_faults(name, node)


def _node_faults(name: str, node: object) -> Iterator[Problem]:
    if not isinstance(node, Mapping):
        yield Problem(name, "bad_node", "a node is a mapping with type, settings and exits")
        return
    for key in node:
        if key not in _NODE_FIELDS:
            yield Problem(name, "unknown_field", f"{_shown(key)} is no field of a node")
    if not _is_name(node.get("type")):
        yield Problem(name, "bad_type", f"type names what the node does: {_shown(node.get('type'))}")
    if not _is_title(node.get("title", "")):
        yield Problem(name, "bad_title", "the title is a text of up to 200 characters")
    if "place" in node and not _is_place(node["place"]):
        yield Problem(name, "bad_place", "place is two numbers")
    settings, exits = node.get("settings", {}), node.get("exits", {})
    if not isinstance(settings, Mapping):
        yield Problem(name, "bad_settings", "settings are a mapping")
    elif why := _not_plain(settings, DEEPEST):
        yield Problem(name, "bad_settings", why)
    if not isinstance(exits, Mapping) or len(exits) > MOST_ITEMS:
        yield Problem(name, "bad_exits", "exits are a mapping from their names to ids of nodes")
        return
    for leaves, to in exits.items():
        if not isinstance(leaves, str) or not EXIT.fullmatch(leaves):
            yield Problem(name, "bad_exit", f"the name of an exit is a text, in quotes if a digit: {_shown(leaves)}")
        elif not _is_name(to):
            yield Problem(name, "bad_exit", f"exit {leaves} leads to the id of a node, not to {_shown(to)}")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_title(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 200 and _is_text(value) and not set(value) & {"\n", "\t"}


def _is_place(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(_is_number(one) for one in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _not_plain(value: object, depth: int) -> str:
    """Why a value is not what JSON, YAML and the database all keep alike; empty when it is."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return "" if _is_number(value) and abs(value) < 2**53 else "a number that is too large"
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return f"a text of more than {LONGEST_TEXT} characters"
        return "" if _is_text(value) else "a text with control characters or broken letters"
    if not isinstance(value, Mapping | list | tuple):
        return f"{_shown(value)} is neither text nor number; put it in quotes"
    if depth == 0 or len(value) > MOST_ITEMS:
        return f"settings nest at most {DEEPEST} deep, with {MOST_ITEMS} items each"
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or len(key) > 100 or not _is_text(key):
                return f"{_shown(key)} is no name of a setting; put it in quotes if it is a number"
    inner = value.values() if isinstance(value, Mapping) else value
    return next((why for one in inner if (why := _not_plain(one, depth - 1))), "")


def _is_text(value: str) -> bool:
    return not any((one < " " and one not in "\n\t") or "\ud800" <= one <= "\udfff" or one == "\x7f" for one in value)


def _shown(value: object) -> str:
    """A piece of somebody's text for a sentence of ours."""
    return ascii(value)[:60] if not isinstance(value, str) or not value.isprintable() else f"{value[:60]!r}"

"""Flows as files: YAML that people keep in git, and JSON. What is written is read again as the same values.

Reads YAML 1.2's plain words: `no` is a word, `1:` is the key "1", `08:30` and `2026-10-01` are text. YAML is written so
that readers of the older kind understand it alike. Knows nothing of what a flow means.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import msgspec
import yaml

from cti.errors import BadRequest

MOST_BYTES: Final = 1 << 20
DEEPEST: Final = 32
_MOST_INT: Final = 1 << 53  # beyond it a browser no longer tells two numbers apart
_ESCAPED: Final = re.compile("[\x01-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")  # see columns.py

_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final = {"": None, "null": None, "true": True, "false": False}
_PLAIN: Final = (
    (f"{_TAG}null", re.compile(r"null|"), "n "),
    (f"{_TAG}bool", re.compile(r"true|false"), "tf"),
    (f"{_TAG}int", re.compile(r"-?(?:0|[1-9][0-9]*)"), "-0123456789"),
    (f"{_TAG}float", re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"), "-0123456789"),
)
"""What is not text when it stands without quotes: JSON's words and numbers, the first that fits whole; and nothing."""


def read_yaml(text: str) -> dict[str, Any]:
    """The mapping in `text`. Raises `BadRequest`, which names line and column where it can."""
    _not_too_long(text)
    try:
        node = _Reader(text).get_single_node()
    except yaml.MarkedYAMLError as wrong:
        where = "" if wrong.problem_mark is None else f"{_place(wrong.problem_mark)}: "
        raise BadRequest(f"this is no YAML: {where}{wrong.problem or wrong.context}") from None
    except yaml.YAMLError as wrong:  # a character that YAML does not have
        raise BadRequest(f"this is no YAML: {str(wrong).splitlines()[0][:200]}") from None
    return _mapping(None if node is None else _value(node, 0))


def read_json(text: str | bytes) -> dict[str, Any]:
    """The mapping in `text`. Raises `BadRequest`."""
    _not_too_long(text)
    try:
        return _mapping(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as wrong:
        raise BadRequest(f"this is no JSON: {str(wrong)[:200]}") from None


def read(text: str) -> dict[str, Any]:
    """JSON when it begins like it, else YAML."""
    return read_json(text) if text.lstrip("\ufeff \t\r\n").startswith("{") else read_yaml(text)


def write_yaml(document: dict[str, Any]) -> str:
    """Keys in their order, every script readable, each word in quotes that some YAML reader would take for another."""
    text: str = yaml.dump(document, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=100)
    return text


def write_json(document: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def fit(value: object, depth: int = 0) -> None:
    """Raise `BadRequest` for what JSON, YAML and both databases cannot keep as it is."""
    if depth > DEEPEST:
        raise BadRequest(f"this is nested deeper than {DEEPEST} levels")
    match value:
        case str():
            if _UNFIT.search(value):
                raise BadRequest("a text has a character that cannot be kept (U+0000, or half of a pair)")
        case None | bool():
            pass
        case int():
            if abs(value) > _MOST_INT:
                raise BadRequest(f"the number {str(value)[:40]} is too large")
        case float():
            if not math.isfinite(value):
                raise BadRequest("a number is not finite")
        case dict():
            for key, one in value.items():
                fit(key, depth + 1)
                fit(one, depth + 1)
        case list() | tuple():
            for one in value:
                fit(one, depth + 1)
        case _:
            raise BadRequest(f"a {type(value).__name__} is no value of a flow")


def _not_too_long(text: str | bytes) -> None:
    if len(text) > MOST_BYTES:
        raise BadRequest(f"a flow has at most {MOST_BYTES >> 20} MiB")


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest("a flow is a mapping: name, title, start, nodes")
    fit(value)
    return value


def _place(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


# --- YAML ----------------------------------------------------------------------------------------------------------


class _Reader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Composes only: no anchors (a short text could become endless), no tags, no bottomless nesting."""

    yaml_implicit_resolvers: dict[str, Any] = {}
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _wrong(event.start_mark, "anchors and aliases are not read here")
        if getattr(event, "tag", None) is not None:
            raise _wrong(event.start_mark, "tags are not read here")
        self._depth += 1
        if self._depth > DEEPEST + 1:
            raise _wrong(event.start_mark, f"this is nested deeper than {DEEPEST} levels")
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Writer(yaml.SafeDumper):  # type: ignore[misc]
    """Quotes what either kind of YAML would not read as text."""

    yaml_implicit_resolvers = {first: list(kinds) for first, kinds in yaml.SafeDumper.yaml_implicit_resolvers.items()}

    def ignore_aliases(self, data: object) -> bool:
        return True

    def text(self, data: str) -> yaml.Node:
        """PyYAML folds some ends of lines away, unless they stand escaped."""
        return self.represent_scalar(f"{_TAG}str", data, style='"' if _ESCAPED.search(data) else None)


_Writer.add_representer(str, _Writer.text)


for _tag, _pattern, _first in _PLAIN:
    _whole = re.compile(f"(?:{_pattern.pattern})$(?!\n)")
    for _resolves in (_Reader, _Writer):
        _resolves.add_implicit_resolver(_tag, _whole, [one.strip() for one in _first])


def _wrong(mark: yaml.Mark, what: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=mark)


def _value(node: yaml.Node, depth: int) -> Any:
    match node:
        case yaml.MappingNode():
            found: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise BadRequest(f"{_place(key.start_mark)}: a key is a word")
                if key.value in found:
                    raise BadRequest(f"{_place(key.start_mark)}: {key.value[:40]!r} stands there twice")
                found[key.value] = _value(value, depth + 1)
            return found
        case yaml.SequenceNode():
            return [_value(one, depth + 1) for one in node.value]
    return _scalar(node)


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    match node.tag.removeprefix(_TAG):
        case "int":
            return int(text) if len(text) <= 20 else _too_large(node)
        case "float":
            return float(text)
        case "null" | "bool":
            return _WORDS[text]
    return text


def _too_large(node: yaml.ScalarNode) -> object:
    raise BadRequest(f"{_place(node.start_mark)}: this number is too large")

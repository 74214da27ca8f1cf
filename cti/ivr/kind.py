"""What a type of node is: its settings, its exits, and what it does on the line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar, Final

from cti.ivr.flow import Node
from cti.ivr.line import DIGITS
from cti.ivr.outcome import End
from cti.ivr.problems import BadFlow, Problem
from cti.ivr.settings import KEY, BadSetting, Setting
from cti.ivr.talk import Talk
from cti.registry import Registry


@dataclass(frozen=True, slots=True)
class Jump:
    """On to the start of another flow."""

    flow: str


class Kind:
    """The root of all node types. A type is a frozen dataclass; its fields are the settings, made with `setting()`."""

    __slots__ = ()

    exits: ClassVar[tuple[str, ...]] = ()
    """Every node of this type has these."""
    optional: ClassVar[Mapping[str, str]] = {}
    """It may have these; without one, the exit named here is taken in its place."""
    free: ClassVar[str] = ""
    """`keys`: each key of the telephone can be an exit, and one must be. `names`: any name can."""
    typed: ClassVar[frozenset[str]] = frozenset()
    """Exits that are taken only when the caller has typed something; keys always are."""

    async def act(self, talk: Talk) -> str | End | Jump:
        """Do it, and say by which exit to leave or how the walk ends."""
        raise NotImplementedError

    def faults(self, node: Node) -> Iterator[str]:
        """What is wrong with settings and exits taken together."""
        yield from ()


kinds: Final[Registry[type[Kind]]] = Registry("node type")
node_type = kinds.add


def settings_of(kind: type[Kind]) -> Mapping[str, tuple[Setting[Any], Field[Any]]]:
    """The settings of a type by name."""
    return {one.name: (one.metadata[KEY], one) for one in fields(kind) if KEY in one.metadata}  # type: ignore[arg-type]


def is_required(one: Field[Any]) -> bool:
    return one.default_factory is MISSING


def read(node: Node) -> Kind:
    """The node as its type understands it, or BadFlow with all that is wrong with its settings."""
    if node.type not in kinds:
        raise BadFlow([Problem(node.id, "unknown_type", f"there is no type {node.type}; there are {', '.join(kinds)}")])
    kind, problems, values = kinds[node.type], [], {}
    known = settings_of(kind)
    for name in node.settings:
        if name not in known:
            there = ", ".join(known) or "none"
            problems.append(
                Problem(node.id, "unknown_setting", f"{name} is no setting of {node.type}; there are {there}")
            )
    for name, (what, one) in known.items():
        if name in node.settings:
            try:
                values[name] = what.read(node.settings[name])
            except BadSetting as why:
                problems.append(Problem(node.id, "bad_setting", f"{name} is to be {why}"))
        elif is_required(one):
            problems.append(Problem(node.id, "missing_setting", f"the setting {name} is missing"))
    if problems:
        raise BadFlow(problems)
    return kind(**values)


def is_exit(kind: type[Kind], name: str) -> bool:
    """Whether nodes of this type can have an exit of this name."""
    if name in kind.exits or name in kind.optional or kind.free == "names":
        return True
    return kind.free == "keys" and len(name) == 1 and name in DIGITS


def needs_typing(kind: type[Kind], name: str) -> bool:
    """Whether a silent caller never leaves by this exit."""
    return name in kind.typed or (kind.free == "keys" and len(name) == 1 and name in DIGITS)


def palette() -> list[dict[str, object]]:
    """All node types with their settings and exits, for those who draw flows."""
    return [_described(name, kinds[name]) for name in kinds]


def _described(name: str, kind: type[Kind]) -> dict[str, object]:
    return {
        "type": name,
        "settings": [_setting(one, *found) for one, found in settings_of(kind).items()],
        "exits": list(kind.exits),
        "optional_exits": list(kind.optional),
        "free_exits": kind.free,
    }


def _setting(name: str, what: Setting[Any], one: Field[Any]) -> dict[str, object]:
    described: dict[str, object] = {"name": name, "kind": what.kind, "required": is_required(one)}
    if one.default_factory is not MISSING:
        default = one.default_factory()
        described["default"] = list(default) if isinstance(default, tuple) else default
    limits = {"refers": what.refers, "least": what.least, "most": what.most, "choices": list(what.choices)}
    return described | {key: value for key, value in limits.items() if value not in ("", None, [])}

"""The description of the event stream (AsyncAPI 3), generated from the message types so that it cannot lie."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from adapters.desktop import messages as ms
from adapters.desktop.commands import COMMANDS

SAID: Final[tuple[type, ...]] = (
    ms.Hello,
    ms.Subscribe,
    ms.Unsubscribe,
    ms.Command,
    ms.Shown,
    ms.Pong,
    ms.Ping,
)
TOLD: Final[tuple[type, ...]] = (
    ms.Welcome,
    ms.Ok,
    ms.Error,
    ms.Event,
    ms.Unsubscribed,
    ms.PingOut,
    ms.PongOut,
)
_REF: Final = "#/components/schemas/{name}"


def document() -> str:
    """The whole description as YAML."""
    arguments = [kind for _, kind, _ in COMMANDS.values()]
    _, schemas = msgspec.json.schema_components([*SAID, *TOLD, *arguments], ref_template=_REF)
    _name_commands(schemas)
    everything = (*SAID, *TOLD)
    return _yaml(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "CTI server: event stream",
                "version": "1",
                "description": "One WebSocket, subprotocol cti.v1, JSON text frames of at most 64 KiB.",
            },
            "channels": {
                "stream": {
                    "address": "/api/v1/ws",
                    "messages": {
                        kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in everything
                    },
                }
            },
            "operations": {
                "say": _operation("receive", "What a client says.", SAID),
                "tell": _operation("send", "What the server says.", TOLD),
            },
            "components": {
                "messages": {kind.__name__: _message(kind) for kind in everything},
                "schemas": schemas,
            },
        }
    )


def _name_commands(schemas: dict[str, Any]) -> None:
    """Each command with the type of its arguments."""
    schemas["Command"]["oneOf"] = [
        {"properties": {"name": {"const": name}, "args": {"$ref": _REF.format(name=kind.__name__)}}}
        for name, (_, kind, _) in COMMANDS.items()
    ]


def _operation(action: str, summary: str, kinds: Sequence[type]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/stream"},
        "messages": [{"$ref": f"#/channels/stream/messages/{kind.__name__}"} for kind in kinds],
    }


def _message(kind: type) -> dict[str, Any]:
    summary = (kind.__doc__ or "").strip().partition("\n")[0]
    return {
        "name": kind.__struct_config__.tag,  # type: ignore[attr-defined]
        "contentType": "application/json",
        **({"summary": summary} if summary and "(" not in summary else {}),
        "payload": {"$ref": _REF.format(name=kind.__name__)},
    }


def _yaml(value: Any, indent: str = "") -> str:
    """Block style for what has parts, JSON (which is YAML) for what has none."""
    if isinstance(value, Mapping) and value:
        return "".join(f"{indent}{_key(key)}:{_part(part, indent)}" for key, part in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{indent}-{_part(part, indent)}" for part in value)
    return f"{indent}{json.dumps(value, ensure_ascii=False)}\n"


def _key(key: str) -> str:
    return key if key.replace("_", "").isalpha() else json.dumps(key)


def _part(part: Any, indent: str) -> str:
    if isinstance(part, Mapping | list) and part:
        return "\n" + _yaml(part, indent + "  ")
    return f" {json.dumps(part, ensure_ascii=False)}\n"

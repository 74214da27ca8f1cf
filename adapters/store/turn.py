"""One line of the spool: everything a turn of the engine leaves behind. Encodes and decodes; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

import msgspec

from adapters.store.columns import encode
from cti import engine
from cti.records import AgentRecord, Call, Figures


class NewsLine(msgspec.Struct, kw_only=True):
    tenant: str
    seq: int
    type: str
    at: int
    call: str | None = None
    agents: list[str] = []
    queue: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class AgentLine(msgspec.Struct, kw_only=True):
    tenant: str
    agent_no: str
    status: str
    reason: str | None = None
    status_since: int = 0
    pending_status: str | None = None
    pending_reason: str | None = None
    pending_forced: bool = False
    device: str | None = None
    idle_since: int = 0
    acw_began: int | None = None
    acw_until: int | None = None
    desktop: bool = False
    over_limit: bool = False
    due_call: str | None = None
    due_queue: str | None = None


class FiguresLine(msgspec.Struct, kw_only=True):
    tenant: str
    queue: str
    agent_no: str
    window_start: int
    calls: int = 0
    talk_ms: int = 0
    offers: int = 0
    answer_ms: int = 0
    signed_in: bool = False


class Turn(msgspec.Struct, kw_only=True):
    """`n` rises by exactly one from line to line, over restarts too: a gap means that something was lost."""

    n: int
    at: int
    tenant: str = ""
    facts: list[tuple[str, msgspec.Raw]] = []
    news: list[NewsLine] = []
    calls: list[Call] = []
    agents: list[AgentLine] = []
    figures: list[FiguresLine] = []

    @property
    def owner(self) -> str:
        """Whose facts these are: what the line says, else whose rows it carries."""
        if self.tenant:
            return self.tenant
        rows: Iterable[NewsLine | Call | AgentLine | FiguresLine] = (
            *self.news[:1],
            *self.calls[:1],
            *self.agents[:1],
            *self.figures[:1],
        )
        return next((row.tenant for row in rows), "")


class _Numbered(msgspec.Struct):
    n: int


class _Lean(msgspec.Struct):
    """A turn that is about to lose its facts; the rest stays as it was written."""

    n: int
    at: int
    tenant: str = ""
    news: msgspec.Raw = msgspec.Raw(b"[]")
    calls: msgspec.Raw = msgspec.Raw(b"[]")
    agents: msgspec.Raw = msgspec.Raw(b"[]")
    figures: msgspec.Raw = msgspec.Raw(b"[]")


_decode_turn = msgspec.json.Decoder(Turn).decode
_decode_number = msgspec.json.Decoder(_Numbered).decode
_decode_lean = msgspec.json.Decoder(_Lean).decode

_RECORD: Final = tuple(one.name for one in fields(AgentRecord))
_FIGURES: Final = tuple(one.name for one in fields(Figures))


def encode_turn(turn: engine.Turn) -> bytes:
    """The line for one turn of one tenant's board, without its line end."""
    tenant = turn.tenant
    line: Mapping[str, Any] = {
        "n": turn.n,
        "at": turn.at,
        "tenant": tenant,
        "facts": [] if turn.fact is None else [(type(turn.fact).__name__, turn.fact)],
        "news": [
            {
                "tenant": tenant,
                "seq": one.seq,
                "type": one.type,
                "at": one.at,
                "call": one.call,
                "agents": sorted(one.agents),
                "queue": one.queue,
                "data": one.data,
            }
            for one in turn.news
        ],
        "calls": turn.calls,
        "agents": [{"tenant": tenant, **{key: getattr(one, key) for key in _RECORD}} for one in turn.agents],
        "figures": [{"tenant": tenant, **{key: getattr(one, key) for key in _FIGURES}} for one in turn.figures],
    }
    return encode(line)


def decode_turn(line: bytes) -> Turn:
    """Raises `msgspec.DecodeError` for a line that is none."""
    return _decode_turn(line)


def number_of(line: bytes) -> int:
    return _decode_number(line).n


def without_facts(line: bytes) -> bytes:
    """The same turn without the black box's share: it fits into less, and nobody's screen or record misses it."""
    return encode(_decode_lean(line))

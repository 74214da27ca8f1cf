"""Walks a flow for one caller, over a `Line`. The simulator runs the very same."""

from __future__ import annotations

from cti.ivr.flow import Flow
from cti.ivr.line import Line
from cti.ivr.outcome import Caller, Outcome
from cti.ivr.ports import Ports


async def run(flow: Flow, caller: Caller, line: Line, ports: Ports, *, at: str | None = None) -> Outcome:
    """Walk from the start, or from node `at`, to an end. Never raises for what a flow, a port or a caller does."""
    raise NotImplementedError

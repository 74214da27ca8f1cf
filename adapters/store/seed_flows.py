"""The demonstration's flows: each published once. What people change or roll back afterwards stays so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from adapters.store.flows import FlowStore
from adapters.store.seed import DEMO
from cti.errors import NotFound
from cti.ivr.flow import Flow
from cti.ivr.problems import BadFlow, Problem

BY: Final = "cti lab seed"


async def seed_flows(store: FlowStore, flows: Iterable[Flow]) -> Sequence[Problem]:
    """Publish those that never were; a broken one stays a draft, and its problems are told as `flow/node`."""
    waiting = [flow.name for flow in flows if await _never_published(store, flow)]
    broken: dict[str, list[Problem]] = {}
    while waiting:
        try:
            await store.publish_all(DEMO, waiting, by=BY)
            break
        except BadFlow as wrong:  # whatever leads to a broken one is broken too, and shows in the next round
            for problem in wrong.problems:
                broken.setdefault(problem.node.partition("/")[0], []).append(problem)
            waiting = [name for name in waiting if name not in broken]
    return [problem for problems in broken.values() for problem in problems]


async def _never_published(store: FlowStore, flow: Flow) -> bool:
    try:
        stored = await store.get(DEMO, flow.name)
    except NotFound:
        stored = await store.save(DEMO, flow, by=BY)
    return stored.published is None

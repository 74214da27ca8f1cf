"""A flow's whole life, for the test that looks at every statement."""

from __future__ import annotations

from typing import Any

from cti.ivr.flow import from_dict
from tests.adapters.store.story import DEMO


async def use_flows(flows: Any) -> None:
    """Call every public method of `FlowStore`."""
    flow = from_dict({"name": "main", "start": "bye", "nodes": {"bye": {"type": "hang_up"}}})
    await flows.save(DEMO, flow, by="x")
    await flows.save(DEMO, flow, by="x", revision=1)
    await flows.check(DEMO, flow)
    await flows.publish(DEMO, "main", by="x")
    await flows.publish_all(DEMO, ["main"], by="x")
    await flows.roll_back(DEMO, "main", 1, by="x")
    await flows.version()
    await flows.published(DEMO)
    await flows.get(DEMO, "main")
    await flows.versions(DEMO, "main")
    await flows.document(DEMO, "main", 1)
    await flows.save(DEMO, from_dict({"name": "other", "start": "bye", "nodes": {"bye": {"type": "hang_up"}}}), by="x")
    await flows.list(DEMO, search="m", cursor=(await flows.list(DEMO, limit=1)).next)
    await flows.delete(DEMO, "main")

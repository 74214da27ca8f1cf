"""Every question that may be asked of reasons and dispositions, once each."""

from __future__ import annotations

from typing import Any

from cti.dispositions import Disposition
from cti.ids import QueueName
from cti.reasons import Reason
from tests.adapters.store.story import DEMO

LUNCH = Reason(code="lunch", title="用餐", title_en="Lunch", limit_seconds=1800, order=40)
COMPLAINT = Disposition(code="complaint", title="投诉", title_en="Complaint", order=2)
LATE = Disposition(code="late", title="延误", title_en="Late", parent="complaint", queues=(QueueName("sales"),))


async def use_codes(codes: Any) -> None:
    await codes.put_reason(DEMO, LUNCH, new=True)
    await codes.reasons(DEMO)
    await codes.remove_reason(DEMO, "lunch")
    await codes.put_disposition(DEMO, COMPLAINT, new=True)
    await codes.put_disposition(DEMO, LATE, new=True)
    await codes.dispositions(DEMO)
    await codes.remove_disposition(DEMO, "late")

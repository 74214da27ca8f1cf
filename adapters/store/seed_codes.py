"""The demonstration's reasons and dispositions. Made once: what people change or remove afterwards stays so."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adapters.store import meta
from adapters.store.codes import Codes
from adapters.store.database import Database
from adapters.store.seed import DEMO
from cti.dispositions import Disposition
from cti.errors import Conflict, Refused
from cti.ids import QueueName
from cti.reasons import PRESETS, Reason

_SEEDED: Final = "seeded:codes"

LIMITED: Final = (
    replace(PRESETS["break"], limit_seconds=900),
    replace(PRESETS["away"], limit_seconds=300),
)
REASONS: Final = (
    Reason(code="lunch", title="用餐", title_en="Lunch", limit_seconds=3600, order=40),
    Reason(code="meeting", title="会议", title_en="Meeting", order=50),
    Reason(code="training", title="培训", title_en="Training", order=60),
)
DISPOSITIONS: Final = (
    Disposition(code="enquiry", title="咨询", title_en="Enquiry", order=10),
    Disposition(code="sold", title="成交", title_en="Sold", queues=(QueueName("sales"),), order=20),
    Disposition(code="follow-up", title="待跟进", title_en="To be followed up", order=30),
    Disposition(code="complaint", title="投诉", title_en="Complaint", order=40),
    Disposition(code="complaint-service", title="服务态度", title_en="Service", parent="complaint", order=10),
    Disposition(code="complaint-product", title="产品质量", title_en="Product", parent="complaint", order=20),
    Disposition(code="complaint-bill", title="账单有误", title_en="Bill", parent="complaint", order=30),
    Disposition(code="repair", title="报修", title_en="Repair", queues=(QueueName("support"),), order=50),
    Disposition(code="wrong-number", title="打错", title_en="Wrong number", order=60),
)


async def seed_codes(database: Database) -> None:
    """The tenant and its queues are there."""
    async with database.reading() as connection:
        if await meta.read(connection, _SEEDED):
            return
    codes = Codes(database)
    there = await codes.reasons(DEMO)
    for reason in LIMITED:
        if PRESETS[reason.code] in there:  # nobody has changed it
            await codes.put_reason(DEMO, reason, new=False)
    for reason in REASONS:
        try:
            await codes.put_reason(DEMO, reason, new=True)
        except Conflict:
            pass  # somebody made one of that name
    for disposition in DISPOSITIONS:
        try:
            await codes.put_disposition(DEMO, disposition, new=True)
        except Refused:
            pass  # somebody made one of that name, or has removed the queue it is for
    async with database.writing() as connection:
        await meta.write(connection, _SEEDED, "yes")

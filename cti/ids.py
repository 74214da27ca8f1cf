"""Names for what others point at. A `CallId` is the customer's whole journey; a `LegId` is one channel of it."""

from typing import NewType

TenantId = NewType("TenantId", str)
CallId = NewType("CallId", str)
LegId = NewType("LegId", str)  # Asterisk's Uniqueid
OfferId = NewType("OfferId", str)
AgentNo = NewType("AgentNo", str)
QueueName = NewType("QueueName", str)
DeviceName = NewType("DeviceName", str)  # PJSIP endpoint, without the technology: "1001", "1001-web"

Instant = NewType("Instant", int)
"""A moment: whole milliseconds since 1970-01-01 UTC. Integers, so that a replay and a sort key are exact."""

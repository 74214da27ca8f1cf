"""Whether the server lives, and whether it is ready to work; for load balancers and for people."""

from __future__ import annotations

from starlette.responses import Response

from adapters.web import models
from adapters.web.asking import PortsOf, unguarded
from adapters.web.paging import Json
from adapters.web.problems import problem

router = unguarded("", "health")


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_model=models.Alive)
async def healthz() -> Json:
    """The loop turns."""
    return Json({"status": "ok"})


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=models.Ready)
async def readyz(ports: PortsOf) -> Response:
    """Database at head, AMI logged in, FastAGI listening; else 503 with the reasons. Warnings stop no call."""
    reasons = await ports.health.reasons()
    if reasons:
        found = [{"code": code, "detail": detail} for code, detail in reasons.items()]
        return problem(503, "not_ready", "; ".join(reasons.values()), {"Retry-After": "1"}, reasons=found)
    warnings = [{"code": code, "detail": detail} for code, detail in ports.health.warnings().items()]
    return Json({"status": "ready", "warnings": warnings})

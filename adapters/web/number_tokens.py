"""Number tokens: one for a number, and, for a reason that goes on record, the number of one."""

from __future__ import annotations

from fastapi import Request

from adapters.web import models
from adapters.web.asking import Me, PortsOf, SettingsOf, guarded, origin_of, permitted
from adapters.web.firewall import TOKENS, Clear
from adapters.web.paging import Json
from adapters.web.problems import StoreAway
from cti.permissions import NUMBERS_REVEAL, NUMBERS_SEE

router = guarded(TOKENS)


@router.post("", response_model=models.NumberToken, dependencies=[permitted(NUMBERS_SEE)])
async def token_of(asked: models.NumberAsked, me: Me, ports: PortsOf) -> Json:
    """The token that stands for a number: the same for the same number, however it is written."""
    return Json({"number": asked.number, "token": ports.numbers.token(me.tenant, asked.number)})


@router.post("/reveal", response_model=models.Revealed, dependencies=[permitted(NUMBERS_REVEAL)])
async def reveal(asked: models.Reveal, request: Request, me: Me, ports: PortsOf, settings: SettingsOf) -> Clear:
    """The number a token stands for. Nobody sees it before it is on record that they did."""
    number = ports.numbers.resolve(me.tenant, asked.token)
    ports.audit.note(
        me.tenant,
        me.username,
        "number-tokens.reveal",
        asked.token,
        reason=asked.reason,
        origin=origin_of(request),
        data={"number": number},
    )
    if not await ports.ledger.kept(settings.read_deadline):
        raise StoreAway("the record cannot be written; try again later")
    return Clear({"number": number})

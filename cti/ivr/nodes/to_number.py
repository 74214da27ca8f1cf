"""On to a telephone number outside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cti.ivr import settings as of
from cti.ivr.flow import Node
from cti.ivr.kind import Kind, node_type
from cti.ivr.outcome import ToNumber
from cti.ivr.settings import setting
from cti.ivr.talk import Talk

DIALLABLE: Final = re.compile(r"\+?[0-9]{1,20}")


@node_type("to_number")
@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Kind):
    """`otherwise` is where the call goes on when nobody answers, or when the variable held no number."""

    optional = {"otherwise": ""}

    number: str = setting(of.text(64))
    caller_id: str = setting(of.text(64), "")
    seconds: int = setting(of.whole(5, 180), 45)

    async def act(self, talk: Talk) -> str | ToNumber:
        number, caller_id = talk.fill(self.number).strip(), talk.fill(self.caller_id).strip()
        if not DIALLABLE.fullmatch(number):
            return "otherwise"
        shown = caller_id if DIALLABLE.fullmatch(caller_id) else ""
        return ToNumber(number=number, caller_id=shown, seconds=self.seconds)

    def faults(self, node: Node) -> Iterator[str]:
        if "${" not in self.number and not DIALLABLE.fullmatch(self.number):
            yield "number is digits, with + before them at most"
        if "${" in self.number and "otherwise" not in node.exits:
            yield "a number from a variable needs the exit otherwise"

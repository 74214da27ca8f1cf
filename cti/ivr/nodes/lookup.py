"""Look something up 查询信息: the customer of a number, or what a CRM says. The call goes on when it fails."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.flow import Node
from cti.ivr.kind import Kind, node_type
from cti.ivr.ports import LookupFailed
from cti.ivr.settings import setting
from cti.ivr.talk import Talk
from cti.ivr.template import VARIABLE, plain


@node_type("lookup")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Kind):
    """`keep`: variable -> field of what was found, `a.b` for b in a; without it a customer's fields are `customer.…`.

    `prompts` are played before it; what the caller types during it is kept.
    """

    exits = ("found", "not_found", "failed")

    source: str = setting(of.one_of("customer", "http"), "customer")
    number: str = setting(of.text(), "${caller}")
    url: str = setting(of.url(), "")
    keep: Mapping[str, str] = setting(of.mapping(of.variable(), of.text(), "texts"), {})
    seconds: float = setting(of.seconds(0.5, 10), 3.0)
    prompts: tuple[str, ...] = setting(of.prompts(), ())

    async def act(self, talk: Talk) -> str:
        await talk.play(self.prompts)
        if self.source == "http":
            asked = talk.ports.fetch(talk.fill(self.url, in_url=True), self.seconds)
        else:
            asked = talk.ports.customer(talk.fill(self.number))
        try:
            found = await talk.meanwhile(asked, self.seconds)
        except LookupFailed:
            return "failed"
        if found is None:
            return "not_found"
        for name, value in self._kept(found):
            talk.set(name, value)
        return "found"

    def _kept(self, found: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        if self.source == "customer" and not self.keep:
            kept: Iterator[tuple[str, object]] = ((f"customer.{name}", value) for name, value in found.items())
        else:
            kept = ((name, _field(found, path)) for name, path in self.keep.items())
        for name, value in kept:
            text = plain(value)
            if text is not None and VARIABLE.fullmatch(name):
                yield name, text

    def faults(self, node: Node) -> Iterator[str]:
        if (self.source == "http") != bool(self.url):
            yield "url is for the source http, and needed there"


def _field(found: object, path: str) -> object:
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found

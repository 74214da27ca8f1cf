"""Set variables; `language` among them is what prompts are spoken in from here on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.flow import LANGUAGES, Node
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("set")
@dataclass(frozen=True, slots=True, kw_only=True)
class Set(Kind):
    """A text made of a secret is a secret."""

    exits = ("next",)

    variables: Mapping[str, str] = setting(of.mapping(of.variable(), of.text(), "texts", least=1))

    async def act(self, talk: Talk) -> str:
        for name, value in self.variables.items():
            talk.set(name, talk.fill(value), secret=talk.is_secret(value))
        return "next"

    def faults(self, node: Node) -> Iterator[str]:
        language = self.variables.get("language", LANGUAGES[0])
        if language not in LANGUAGES and "${" not in language:
            yield f"language is one of {', '.join(LANGUAGES)}, not {language}"

"""On to one agent, by 工号."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cti.ids import AgentNo
from cti.ivr import settings as of
from cti.ivr.flow import Node
from cti.ivr.kind import Kind, node_type
from cti.ivr.outcome import ToAgent
from cti.ivr.settings import setting
from cti.ivr.talk import Talk

_AGENT: Final = re.compile(r"[0-9A-Za-z]{1,16}")


@node_type("to_agent")
@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(Kind):
    """`otherwise` is where the call goes on when nobody answers, or when the variable held no agent's number.

    `seconds`: how long the agent's phone rings, and how long an agent who is busy is waited for.
    """

    optional = {"otherwise": ""}

    agent: str = setting(of.name_of("agent", filled=True))
    seconds: int = setting(of.whole(5, 120), 20)

    async def act(self, talk: Talk) -> str | ToAgent:
        agent = talk.fill(self.agent).strip()
        return ToAgent(agent=AgentNo(agent), seconds=self.seconds) if _AGENT.fullmatch(agent) else "otherwise"

    def faults(self, node: Node) -> Iterator[str]:
        if "${" in self.agent and "otherwise" not in node.exits:
            yield "an agent from a variable needs the exit otherwise"

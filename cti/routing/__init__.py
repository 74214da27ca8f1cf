"""Routing strategies, one per file, by name. Adding a file adds a strategy to the queue settings."""

from cti.registry import load_folder
from cti.routing._pool import Asked, Choice, Pool, Strategy, Talks, strategies

load_folder(__name__, list(__path__))

__all__ = ["Asked", "Choice", "Pool", "Strategy", "Talks", "strategies"]

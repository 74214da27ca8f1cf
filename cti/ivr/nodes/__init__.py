"""Node types, one per file, by name. Adding a file adds a type to flow files and to the editor's palette."""

from cti.ivr.kind import Jump, Kind, kinds
from cti.registry import load_folder

load_folder(__name__, list(__path__))

__all__ = ["Jump", "Kind", "kinds"]

"""Flows: drafts and published versions."""

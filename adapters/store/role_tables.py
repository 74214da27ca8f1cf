"""Roles, teams, number tokens, audit."""

"""Organisations with their units, members with dated roles, sign-in and API tokens."""

"""Consoles of officials and operators over the services below."""

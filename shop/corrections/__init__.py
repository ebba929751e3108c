"""Correcting who a verified organisation is: proposed by one of the operator's people, agreed to by another."""

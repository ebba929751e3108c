"""Asking the repository: the query interface of EPCIS 2.0."""

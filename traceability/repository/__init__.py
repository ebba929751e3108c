"""The EPCIS repository: tables, capture, and one event at a time."""

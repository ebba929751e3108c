"""EPCIS 2.0 and CBV 2.0 as pure functions: what is valid, what is the same, what is its hash. No database, no request."""

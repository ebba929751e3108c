"""What traceability brings to the factory."""

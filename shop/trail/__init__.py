"""The audit trail as auditors read it."""

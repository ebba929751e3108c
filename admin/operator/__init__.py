"""The operator's first screen: what is stuck, and which two-person acts wait."""

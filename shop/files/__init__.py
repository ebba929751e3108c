"""Files kept by the hash of their content; evidence must not change."""

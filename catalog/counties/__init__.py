"""Public pages of the 832 counties."""

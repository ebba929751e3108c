"""The producer's pages for a phone: what is to be recorded today, in short forms."""

"""The two books: journal, postings, sealing, rollups, totals, filings, claims and periods."""

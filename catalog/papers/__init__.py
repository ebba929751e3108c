"""Eligibility bases, which make a sale count, and quality certificates, which never do."""

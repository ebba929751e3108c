"""Reading a bank's files: tables and camt.053 become entries, nothing is written here."""

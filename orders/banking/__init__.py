"""Bank statements: read, matched to orders, recorded as receipts; what no rule matches goes to a desk."""

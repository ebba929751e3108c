"""What is known of a batch or lot: test reports, papers of meat, temperatures, commitment certificates."""

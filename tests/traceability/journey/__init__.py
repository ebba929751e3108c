"""What the market tells of lots."""

"""What producers are paid: fees, due days, payouts by transfer or bank file, statements, the sellers' tax report."""

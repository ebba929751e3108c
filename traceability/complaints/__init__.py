"""What people who hold the goods say is wrong with them, and who looks into it."""

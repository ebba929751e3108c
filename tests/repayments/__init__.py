"""What producers owe and pay back."""

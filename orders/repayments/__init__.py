"""What a producer was paid too much and pays back itself, to the supervised account."""

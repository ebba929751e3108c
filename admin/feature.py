"""What admin brings to the factory."""

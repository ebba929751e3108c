"""Tests of the look and the public shop."""

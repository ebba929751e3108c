"""Tests of the transparency logs."""

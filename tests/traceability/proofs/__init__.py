"""Tests of the log of trace events."""

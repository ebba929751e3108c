"""Tests that start whole processes or drive Chromium."""

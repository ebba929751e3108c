"""Tests of walks over containments and transformations."""

"""Tests of serial numbers and scans."""

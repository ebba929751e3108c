"""Notices to people: always in the site; SMS, WeChat and mail by adapter."""

"""Signed outbound webhooks with retries and a delivery log."""

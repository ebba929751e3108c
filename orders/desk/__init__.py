"""The desks: the order page that all sides share, lists of orders, first screens."""

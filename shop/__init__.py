"""The kernel: what every part of Duikou needs and what names nothing of the trade."""

"""GS1 Digital Links of our goods: what an address on a label leads to, and the labels themselves."""

"""State machines: tables of moves, and the record of each move."""

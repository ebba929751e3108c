"""What the market does with lots, told as EPCIS events; who got what; the page that a label opens."""

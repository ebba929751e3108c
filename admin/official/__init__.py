"""The officials' desk: how a county, prefecture or province stands, with the lines behind each figure."""

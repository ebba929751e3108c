"""Where goods came from and where they went: walks over containments and transformations."""

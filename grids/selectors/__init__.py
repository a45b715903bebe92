"""What the pages of the territory read."""

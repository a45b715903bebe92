"""What the pages of credit read."""

"""Framework-free calculations of credit lines."""

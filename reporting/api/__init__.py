"""Reports and samples over the API: the same rows and rules as their pages."""

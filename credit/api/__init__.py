"""Credit over the API: the same rows and rules as its pages."""

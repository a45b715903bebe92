"""The territory's side of the API."""

"""What the primitives can say about their own rows."""

"""Changes of the territory and its people. Every function names who acts and leaves its audit event."""


class Refused(ValueError):
    """A step the rules forbid; the text is for the person and says what to do instead."""

"""Changes of rounds, sheets, decisions and lines. Every function names who acts and leaves its audit event."""

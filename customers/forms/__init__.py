"""What pages of customers send: parsed into plain values here, judged in the domain, so that every rule has one place."""

"""The journal: what happened to each inference, event by event."""

"""What would run, why, and at what price; the gate before it."""

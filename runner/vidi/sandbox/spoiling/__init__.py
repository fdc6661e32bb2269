"""What a fault makes of a request or an answer."""

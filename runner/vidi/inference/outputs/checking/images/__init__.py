"""Images, checked to their end within a bound of memory."""

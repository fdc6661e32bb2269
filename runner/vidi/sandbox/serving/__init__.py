"""The sandbox on a port or in process, and its answers on the wire."""

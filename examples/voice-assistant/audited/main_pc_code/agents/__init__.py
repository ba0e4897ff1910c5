"""One agent per module."""

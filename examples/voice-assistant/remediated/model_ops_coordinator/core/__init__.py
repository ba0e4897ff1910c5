"""The kernel and its data."""

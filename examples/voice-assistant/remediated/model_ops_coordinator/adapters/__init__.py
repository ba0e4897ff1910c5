"""What carries out the work."""

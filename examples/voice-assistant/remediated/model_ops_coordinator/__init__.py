"""Hands out GPU memory and models to the agents."""

"""The agents that run on the main machine."""

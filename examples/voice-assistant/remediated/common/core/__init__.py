"""The base class of all agents."""

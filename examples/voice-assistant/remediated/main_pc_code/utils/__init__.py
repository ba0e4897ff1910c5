"""Helpers for the main machine only."""

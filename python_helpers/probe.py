"""Runs a proof."""

"""Pools of expensive things."""

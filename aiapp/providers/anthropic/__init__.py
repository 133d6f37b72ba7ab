"""Anthropic through its Messages API and its official SDK."""

"""Configurations and commits: running, candidate, the commit engine, history, the operational view."""

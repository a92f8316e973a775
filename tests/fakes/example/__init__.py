"""A component as someone would add it: its folder has a component and what it reports."""

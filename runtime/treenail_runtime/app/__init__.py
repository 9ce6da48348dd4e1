"""Puts the parts together: settings and connectors in, a running server out."""

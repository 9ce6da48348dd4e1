"""HTTP: what reaches us is checked before anything reads it, then goes to MCP or to a page."""

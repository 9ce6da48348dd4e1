"""The rules of OAuth 2.1 and of MCP authorization: records, pure decisions, and the ports they need."""

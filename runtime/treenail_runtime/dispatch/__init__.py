"""MCP: from a JSON-RPC request to a tool, and back."""

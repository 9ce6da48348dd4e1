"""Serves generated connectors to agents over MCP.

One request: `edge` (guard, hosts, paths) -> `dispatch` (MCP, arguments) -> the generated module ->
`contract` (the request) -> `upstream` (credentials, retries, limits) -> back the same way. `app`
composes, `loading` imports connectors, `demo` shows it all, `cli` speaks to people.
"""

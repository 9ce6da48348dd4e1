"""Connector file and OpenAPI document to a module of MCP tools.

One direction, no step looks back: `connector_file` and `document` read, `planning` decides and
leaves a `plan`, `render` prints it, `verify` proves what was printed, `build` ties them together.
`cli` alone writes files and speaks to people.
"""

// The version of Node.js, and what the constructor of the MCP client is.
import { Client } from "@modelcontextprotocol/client";

console.log(process.version, typeof Client);

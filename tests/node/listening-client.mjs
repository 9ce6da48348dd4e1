// An application with the TypeScript SDK's client that listens: `listening-client.mjs URL`. Writes a
// line of JSON for each thing that happened, and ends when its subscription does.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url] = process.argv.slice(2);
const tell = (value) => console.log(JSON.stringify(value));
const tools = async () => (await client.listTools()).tools.map((tool) => tool.name);

const client = new Client(
  { name: "receptionist", version: "1" },
  { versionNegotiation: { mode: "auto" } },
);
client.setNotificationHandler("notifications/tools/list_changed", async () => {
  tell({ changed: await tools() });
});
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const before = await tools();
const subscription = await client.listen({ toolsListChanged: true, promptsListChanged: true });
tell({ honored: subscription.honoredFilter, tools: before });
tell({ ended: await subscription.closed });
await client.close();

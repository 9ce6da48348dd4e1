// An application with the TypeScript SDK's client: `oauth-client.mjs URL MODE`, where MODE is
// `legacy` or `auto`. Writes a line of JSON for each thing that happened, and for each line that it
// reads it calls a tool; at the end of its input it ends.
import { createServer } from "node:http";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";

const [url, mode] = process.argv.slice(2);
const tell = (value) => console.log(JSON.stringify(value));

// The application's own page for answers.
const answers = createServer((request, response) => {
  response.end("Thank you.");
  answers.emit("answered", new URL(request.url, "http://127.0.0.1").searchParams);
});
answers.listen(0, "127.0.0.1");
await once(answers, "listening");
const answered = once(answers, "answered");

class Provider {
  redirectUrl = `http://127.0.0.1:${answers.address().port}/callback`;
  clientMetadata = {
    client_name: "Receptionist",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.kept;
  saveTokens = (tokens) => void (this.kept = tokens);
  redirectToAuthorization = (page) => tell({ page });
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  codeVerifier = () => this.verifier;
  saveDiscoveryState = (state) => void (this.discovered = state);
  discoveryState = () => this.discovered;
}

const provider = new Provider();
const connect = async () => {
  const client = new Client(
    { name: "receptionist", version: "1" },
    { versionNegotiation: { mode } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const [parameters] = await answered;
    await transport.finishAuth(parameters);
    return undefined;
  }
  return client;
};

const client = (await connect()) ?? (await connect());
const { tools } = await client.listTools();
tell({
  client: provider.client.client_id,
  method: provider.client.token_endpoint_auth_method,
  version: client.getNegotiatedProtocolVersion(),
  tools: tools.map((tool) => tool.name),
});
for await (const tool of createInterface({ input: process.stdin })) {
  const answer = await client.callTool({ name: tool, arguments: {} });
  tell({ failed: answer.isError ?? false, answer: answer.structuredContent });
}
await client.close();
answers.close();

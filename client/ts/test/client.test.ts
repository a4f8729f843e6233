/** The client against real HTTP servers on loopback, one for each region. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, test } from "node:test";
import { createTwofold, type NewOrder, type Options, Refused } from "../src/index.ts";

type Seen = { method: string; url: string; key: string | undefined; token: string | undefined; body: string };
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A region that gives its answers in turn, the last one again and again. */
async function region(...answers: Answer[]): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const key = request.headers["idempotency-key"];
      seen.push({ method: request.method ?? "", url: request.url ?? "", key: typeof key === "string" ? key : undefined, token: request.headers.authorization, body: Buffer.concat(chunks).toString() });
      answers[Math.min(seen.length, answers.length) - 1]!(request, response);
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, { "Content-Type": status < 300 ? "application/json" : "application/problem+json", ...headers });
    response.end(JSON.stringify(body));
  };
}

const dies: Answer = (request) => request.socket.destroy();
const silent: Answer = () => {};

const placed = { orderId: "ord_mfzwizlooqqho3tpnvqxi2lomq", state: "PLACED" };
const accepted = json(202, placed);
const unavailable = json(503, { type: "about:blank", title: "Unavailable", status: 503, code: "Unavailable" });

const order: NewOrder = {
  lines: [{ sku: "TEA-EARL-GREY", quantity: 2 }],
  currency: "EUR",
  payment: { method: "pm_card_visa" },
  shipping: { method: "standard", name: "Ada Byron", email: "ada@shop.example", address: { line1: "12 St James's Square", city: "London", postalCode: "SW1Y 4JH", country: "GB" } },
};

/** A client that does not wait, and the pauses that it would have made. */
function client(regions: string[], more: Partial<Options> = {}) {
  const pauses: number[] = [];
  const twofold = createTwofold({ regions, token: () => "t", random: () => 0.5, sleep: async (ms) => { pauses.push(ms); }, ...more });
  return { twofold, pauses };
}

test("an order that the first region does not answer is the same order in the second", async () => {
  const east = await region(dies), west = await region(accepted);
  const { twofold } = client([east.url, west.url]);
  const { order: got, key } = await twofold.placeOrder(order);
  assert.equal(got.orderId, placed.orderId);
  assert.equal(east.seen.length, 1);
  assert.equal(west.seen.length, 1);
  assert.deepEqual(east.seen[0], west.seen[0]);
  assert.equal(west.seen[0]!.key, key);
  assert.deepEqual(JSON.parse(west.seen[0]!.body), order);
  assert.equal(west.seen[0]!.token, "Bearer t");
});

test("each order has a key of its own, and the caller's is kept", async () => {
  const east = await region(accepted);
  const { twofold } = client([east.url]);
  await twofold.placeOrder(order);
  await twofold.placeOrder(order);
  await twofold.placeOrder(order, "mine");
  const keys = east.seen.map((s) => s.key);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "mine");
  for (const key of keys) assert.match(key ?? "", /^[A-Za-z0-9_-]{1,64}$/);
});

test("the region that answered is asked first the next time", async () => {
  const east = await region(unavailable), west = await region(json(200, placed));
  const { twofold } = client([east.url, west.url]);
  for (let i = 0; i < 3; i++) await twofold.GET("/v1/orders/{orderId}", { params: { path: { orderId: placed.orderId } } });
  assert.equal(east.seen.length, 1);
  assert.equal(west.seen.length, 3);
});

test("pauses grow by the round, with full jitter, and the tries end", async () => {
  const east = await region(unavailable), west = await region(unavailable);
  const { twofold, pauses } = client([east.url, west.url], { attempts: 7, pause: 100 });
  await assert.rejects(twofold.placeOrder(order), (e: Refused) => e.problem.code === "Unavailable");
  assert.equal(east.seen.length + west.seen.length, 7);
  assert.deepEqual(pauses, [0, 50, 50, 100, 100, 200]);
});

test("Retry-After is waited for when every region was asked", async () => {
  const busy = json(429, { type: "about:blank", title: "Throttled", status: 429, code: "Throttled" }, { "Retry-After": "2" });
  const east = await region(busy, accepted);
  const { twofold, pauses } = client([east.url]);
  await twofold.placeOrder(order);
  assert.deepEqual(pauses, [2000]);
});

test("a Retry-After that is longer than the caller's patience ends the tries", async () => {
  const east = await region(json(503, { type: "about:blank", title: "Unavailable", status: 503, code: "Unavailable" }, { "Retry-After": "3600" }));
  const { twofold, pauses } = client([east.url]);
  await assert.rejects(twofold.placeOrder(order), Refused);
  assert.deepEqual(pauses, []);
  assert.equal(east.seen.length, 1);
});

test("a refusal is final and says why", async () => {
  const problem = { type: "about:blank", title: "The request is not valid", status: 400, code: "InvalidRequest", errors: [{ pointer: "/lines", detail: "send 1 to 50 lines" }] };
  const east = await region(json(400, problem)), west = await region(accepted);
  const { twofold } = client([east.url, west.url]);
  await assert.rejects(twofold.placeOrder(order), (e: unknown) => e instanceof Refused && e.problem.errors?.[0]?.pointer === "/lines");
  assert.equal(west.seen.length, 0);
});

test("a POST without a key is sent once, unless its path names what it makes", async () => {
  const east = await region(dies);
  const { twofold } = client([east.url]);
  await assert.rejects(twofold.POST("/v1/webhooks/carrier", { body: { id: "evt_1", type: "shipment.dispatched", reference: placed.orderId } }));
  assert.equal(east.seen.length, 1);
  await assert.rejects(twofold.POST("/v1/orders/{orderId}/cancellation", { params: { path: { orderId: placed.orderId } } }));
  assert.equal(east.seen.length, 5);
});

test("a region that stays silent is given up for the next", async () => {
  const east = await region(silent), west = await region(accepted);
  const { twofold } = client([east.url, west.url], { timeout: 100 });
  const { order: got } = await twofold.placeOrder(order);
  assert.equal(got.orderId, placed.orderId);
});

test("a caller that aborts is not kept waiting", async () => {
  const east = await region(silent);
  const { twofold } = client([east.url], { timeout: 60_000 });
  const request = twofold.GET("/health", { signal: AbortSignal.timeout(50) });
  await assert.rejects(request, { name: "TimeoutError" });
  assert.equal(east.seen.length, 1);
});

test("regions may stand below a base path", async () => {
  const east = await region(unavailable), west = await region(json(200, placed));
  const { twofold } = client([`${east.url}/prod`, `${west.url}/other/`]);
  await twofold.GET("/v1/orders", { params: { query: { limit: 2 } } });
  assert.equal(east.seen[0]!.url, "/prod/v1/orders?limit=2");
  assert.equal(west.seen[0]!.url, "/other/v1/orders?limit=2");
});

test("no region at all is refused at once", () => {
  assert.throws(() => createTwofold({ regions: [], token: () => "t" }), TypeError);
});

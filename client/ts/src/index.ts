/**
 * Client of the Twofold API. `schema.d.ts` is made from openapi.yaml by openapi-typescript, openapi-fetch gives each path its types; this layer
 * adds the bearer token, an Idempotency-Key for each order that is to be placed, retries, and failover between regions.
 *
 * A key stands for one order that somebody means to place: keep it for as long as the order may be sent again, and pass it with each
 * try. Within one call of `placeOrder` that is done here.
 */
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";
import { type Resilience, resilientFetch } from "./resilient.ts";

export type { Resilience } from "./resilient.ts";
export { resilientFetch } from "./resilient.ts";
export type { components, paths } from "./schema.d.ts";

export type Order = components["schemas"]["Order"];
export type NewOrder = components["schemas"]["NewOrder"];
export type Problem = components["schemas"]["Problem"];

export interface Options extends Resilience {
  /** The bearer token, asked for before each request. */
  token: () => string | Promise<string>;
}

export interface Twofold extends Client<paths> {
  /** Places an order; with the key of an order that was placed before it is that order. */
  placeOrder(order: NewOrder, key?: string): Promise<{ order: Order; key: string }>;
}

/** A refusal, as the API told it (RFC 9457). */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail ?? problem.title}`);
    this.name = "Refused";
    this.problem = problem;
  }
}

export function idempotencyKey(): string {
  return crypto.randomUUID();
}

export function createTwofold(options: Options): Twofold {
  const client = createClient<paths>({ baseUrl: options.regions[0] ?? "", fetch: resilientFetch(options) });
  client.use({
    async onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${await options.token()}`);
      return request;
    },
  });
  const placeOrder: Twofold["placeOrder"] = async (body, key = idempotencyKey()) => {
    const { data, error } = await client.POST("/v1/orders", { params: { header: { "Idempotency-Key": key } }, body });
    if (data === undefined) throw new Refused(error);
    return { order: data, key };
  };
  return Object.assign(client, { placeOrder });
}

/**
 * A fetch that keeps trying, in every region, where trying again cannot do harm.
 *
 * What is tried again: a network failure, a time-out, and 429, 500, 502, 503 and 504, of requests that are the same request when sent twice.
 * Those are GET, HEAD, PUT and DELETE, anything with an Idempotency-Key, and what `safe` says. Each try goes to the next region,
 * pauses grow with full jitter, and a Retry-After is waited for unless another region has not been asked yet.
 */
export interface Resilience {
  /** Base URLs, one for each region, the nearest first. At least one. */
  regions: readonly string[];
  /** How often a request is sent at most, over all regions; 4 unless told. */
  attempts?: number;
  /** The longest pause before the second round, in milliseconds, doubled with each round; 200 unless told. */
  pause?: number;
  /** No pause is longer than this, in milliseconds; 5000 unless told. A Retry-After beyond it ends the tries. */
  longestPause?: number;
  /** How long one try may take, in milliseconds; 10000 unless told. */
  timeout?: number;
  /** Paths of POST requests that are the same when sent again though they carry no key. */
  safe?: RegExp;
  fetch?: (request: Request) => Promise<Response>;
  random?: () => number;
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const transient = new Set([429, 500, 502, 503, 504]);
const idempotent = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** The paths of openapi.yaml whose POST names what it makes: a cancellation is one wish, a receipt has its receiptId. */
const named = /\/v1\/orders\/[^/]+\/cancellation$|\/v1\/products\/[^/]+\/receipts$/;

/** Makes the fetch. It throws the last failure when no try was answered; an answer is returned whatever its status. */
export function resilientFetch(options: Resilience): (request: Request) => Promise<Response> {
  if (options.regions.length === 0) throw new TypeError("give at least one region's base URL");
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));
  const attempts = options.attempts ?? 4;
  const base = new URL(options.regions[0]!).pathname.replace(/\/$/, "");
  let preferred = 0; // the region that answered last

  return async (request) => {
    const again = repeatable(request, options.safe ?? named);
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const first = preferred;
    for (let attempt = 1; ; attempt++) {
      const region = (first + attempt - 1) % options.regions.length;
      const outcome = await once(send, aim(request, base, body, options.regions[region]!, options.timeout ?? 10_000));
      if (outcome instanceof Response && !transient.has(outcome.status)) {
        preferred = region;
        return outcome;
      }
      request.signal.throwIfAborted();
      const wait = pauseBefore(options, attempt, outcome);
      if (!again || attempt >= attempts || wait === undefined) return settle(outcome);
      if (outcome instanceof Response) await outcome.body?.cancel();
      await (options.sleep ?? sleep)(wait, request.signal);
    }
  };
}

function repeatable(request: Request, safe: RegExp): boolean {
  return idempotent.has(request.method) || request.headers.has("Idempotency-Key") || safe.test(new URL(request.url).pathname);
}

/** The request as it goes to one region: same path below its base, query, headers and bytes. */
function aim(request: Request, base: string, body: ArrayBuffer | undefined, region: string, timeout: number): Request {
  const { pathname, search } = new URL(request.url);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeout)]);
  return new Request(region.replace(/\/$/, "") + pathname.slice(base.length) + search, { method: request.method, headers: request.headers, body: body ?? null, signal });
}

/** One try: an answer, or why there is none. */
async function once(send: (request: Request) => Promise<Response>, request: Request): Promise<Response | Error> {
  try {
    return await send(request);
  } catch (failure) {
    return failure instanceof Error ? failure : new Error(String(failure));
  }
}

function settle(outcome: Response | Error): Response {
  if (outcome instanceof Response) return outcome;
  throw outcome;
}

/** How long to wait after a try, undefined for longer than the caller wants to. A region that was not asked yet is asked at once. */
function pauseBefore(options: Resilience, attempt: number, outcome: Response | Error): number | undefined {
  const longest = options.longestPause ?? 5000;
  if (attempt < options.regions.length) return 0;
  const wanted = outcome instanceof Response ? retryAfter(outcome) : undefined;
  if (wanted !== undefined) return wanted > longest ? undefined : wanted;
  const round = Math.floor(attempt / options.regions.length) - 1;
  return (options.random ?? Math.random)() * Math.min(longest, (options.pause ?? 200) * 2 ** round);
}

/** Retry-After in milliseconds: seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(response: Response): number | undefined {
  const text = response.headers.get("Retry-After");
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

import { stillHeaders } from '#contract/routes.ts';

/** How the pretend server departs from doing everything right; may be changed while it runs. */
export interface Quirks {
  /** Answers with this status. */
  status?: number;
  /** Answers 500 so many times more. */
  failures?: number;
  /** Never answers. */
  isSilent?: boolean;
  /** Sends bytes that are no JPEG. */
  isGarbled?: boolean;
}

/** A server of stills in the page: a bright picture of another colour each `everyMs`, and waiting for the next one. */
export class PretendStills {
  readonly quirks: Quirks = {};
  /** Queries that were asked, oldest first. */
  readonly asked: string[] = [];
  /** Requests that wait or run now. */
  running = 0;
  readonly #everyMs: number;
  readonly #startedAt = performance.now();
  readonly #epoch = Date.UTC(2026, 10, 20, 12);
  readonly #canvas = new OffscreenCanvas(320, 180);

  constructor(everyMs = 40) {
    this.#everyMs = everyMs;
  }

  /** The capture time of the newest still, epoch ms. */
  get newest(): number {
    return this.#epoch + Math.floor((performance.now() - this.#startedAt) / this.#everyMs) * 1000;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { search, searchParams } = new URL(input as string, location.href);
    this.asked.push(search);
    this.running += 1;
    try {
      const signal = init?.signal ?? undefined;
      const { status, isSilent, isGarbled } = this.quirks;
      if (isSilent === true) await aborted(signal);
      if (this.quirks.failures) {
        this.quirks.failures -= 1;
        return new Response(null, { status: 500 });
      }
      if (status !== undefined) return new Response(null, { status });
      const after = searchParams.get('after');
      while (after !== null && this.newest <= Date.parse(after)) {
        signal?.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const taken = this.newest;
      const brush = this.#canvas.getContext('2d');
      if (brush) {
        brush.fillStyle = `hsl(${String((taken / 1000) % 360)} 60% 70%)`;
        brush.fillRect(0, 0, 320, 180);
      }
      const jpeg =
        isGarbled === true
          ? new Blob(['no picture'])
          : await this.#canvas.convertToBlob({ type: 'image/jpeg' });
      signal?.throwIfAborted();
      return new Response(jpeg, { headers: { [stillHeaders.captured]: new Date(taken).toISOString() } });
    } finally {
      this.running -= 1;
    }
  };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

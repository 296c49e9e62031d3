import type {
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderContext,
  LoaderStats,
} from 'hls.js';
import { CanvasSource, Mp4OutputFormat, NullTarget, Output, Quality } from 'mediabunny';

const [width, height, framesPerSecond, segmentS, segments] = [320, 180, 10, 0.5, 40];

interface Film {
  readonly init: Uint8Array<ArrayBuffer>;
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
}

let filming: Promise<Film> | undefined;

/** Twenty seconds of a bright moving picture as fMP4, a fragment for each half second. Encoded once. */
export function film(): Promise<Film> {
  return (filming ??= encode());
}

async function encode(): Promise<Film> {
  const head: Uint8Array[] = [];
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let moof: Uint8Array | undefined;
  const format = new Mp4OutputFormat({
    fastStart: 'fragmented',
    minimumFragmentDuration: segmentS,
    onFtyp: (bytes) => void head.push(bytes.slice()),
    onMoov: (bytes) => void head.push(bytes.slice()),
    onMoof: (bytes) => (moof = bytes.slice()),
    onMdat: (bytes) => void pieces.push(joined([moof ?? new Uint8Array(), bytes])),
  });
  const output = new Output({ format, target: new NullTarget() });
  const canvas = new OffscreenCanvas(width, height);
  const brush = canvas.getContext('2d', { alpha: false });
  const source = new CanvasSource(canvas, {
    codec: 'vp9',
    quality: new Quality('low'),
    keyFrameInterval: segmentS,
  });
  output.addVideoTrack(source, { frameRate: framesPerSecond });
  await output.start();
  for (let frame = 0; frame < segments * segmentS * framesPerSecond; frame += 1) {
    if (brush) {
      brush.fillStyle = `hsl(${String((frame * 7) % 360)} 60% 70%)`;
      brush.fillRect(0, 0, width, height);
    }
    await source.add(frame / framesPerSecond, 1 / framesPerSecond);
  }
  await output.finalize();
  return { init: joined(head), pieces };
}

function damaged(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const media = new TextDecoder('latin1').decode(piece).indexOf('mdat') + 4;
  return piece.slice().fill(0x55, media);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** How the pretend server departs from doing everything right; may be changed while it runs. */
export interface Quirks {
  /** Answers everything with this status. */
  status?: number;
  /** No segment comes after this one. */
  lastSegment?: number;
  /** Segments are bytes that no decoder takes. */
  isGarbled?: boolean;
  /** The pictures in them are. */
  isDamaged?: boolean;
}

/**
 * A low-latency HLS server in the page: a playlist that grows by half a second each half second, blocking reload, and
 * a clock of its own in PROGRAM-DATE-TIME. Serves hls.js by a loader and anybody else by `fetch`.
 */
export class PretendPlaylist {
  readonly quirks: Quirks = {};
  /** When the first segment was taken, epoch ms. */
  readonly epoch: number;
  /** Every file that was asked for. */
  readonly asked: string[] = [];
  /** Requests that wait or run now. */
  running = 0;
  readonly #film: Film;
  readonly #startedAt = performance.now();

  constructor(material: Film, epoch = Date.now() - 3000) {
    this.#film = material;
    this.epoch = epoch;
  }

  /** For {@link HlsOptions}: both doors to this server. */
  get options(): { readonly fetch: typeof fetch; readonly loader: HlsConfig['loader'] } {
    return {
      fetch: async (input, init) => {
        const body = await this.#answer(String(input instanceof Request ? input.url : input), init?.signal);
        if (typeof body === 'number') return new Response(null, { status: body });
        return new Response(body);
      },
      loader: this.#loader(),
    };
  }

  /** Segments that are complete now. */
  get #complete(): number {
    const grown = 6 + Math.floor((performance.now() - this.#startedAt) / (segmentS * 1000));
    return Math.min(grown, this.quirks.lastSegment ?? Infinity, this.#film.pieces.length);
  }

  async #answer(
    url: string,
    signal?: AbortSignal | null,
  ): Promise<string | Uint8Array<ArrayBuffer> | number> {
    const { pathname, searchParams } = new URL(url, location.href);
    const file = pathname.split('/').at(-1) ?? '';
    this.asked.push(file);
    if (this.quirks.status !== undefined) return this.quirks.status;
    if (file === 'index.m3u8')
      return '#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=200000,CODECS="vp09.00.10.08",RESOLUTION=320x180\nmedia.m3u8\n';
    if (file === 'media.m3u8') return await this.#playlist(searchParams.get('_HLS_msn'), signal);
    if (file === 'init.mp4') return this.#film.init;
    const bytes = this.#film.pieces[Number(/^seg-(\d+)\.mp4$/.exec(file)?.[1])];
    if (bytes === undefined) return 404;
    if (this.quirks.isDamaged === true) return damaged(bytes);
    return this.quirks.isGarbled === true ? new Uint8Array(bytes.length).fill(0x55) : bytes;
  }

  async #playlist(wanted: string | null, signal?: AbortSignal | null): Promise<string | number> {
    const until = performance.now() + 3000;
    while (wanted !== null && Number(wanted) >= this.#complete) {
      if (signal?.aborted === true || performance.now() > until) return 503;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const count = this.#complete;
    const first = Math.max(0, count - 12);
    const lines = [
      '#EXTM3U',
      '#EXT-X-VERSION:9',
      '#EXT-X-TARGETDURATION:1',
      '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5',
      `#EXT-X-PART-INF:PART-TARGET=${String(segmentS)}`,
      `#EXT-X-MEDIA-SEQUENCE:${String(first)}`,
      '#EXT-X-MAP:URI="init.mp4"',
    ];
    for (let n = first; n < count; n += 1) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(this.epoch + n * segmentS * 1000).toISOString()}`);
      lines.push(`#EXT-X-PART:DURATION=${String(segmentS)},URI="seg-${String(n)}.mp4",INDEPENDENT=YES`);
      lines.push(`#EXTINF:${String(segmentS)},`, `seg-${String(n)}.mp4`);
    }
    return `${lines.join('\n')}\n`;
  }

  #loader(): HlsConfig['loader'] {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the class below is a `this` of its own.
    const server = this;
    return class PretendLoader implements Loader<LoaderContext> {
      readonly stats: LoaderStats = {
        aborted: false,
        loaded: 0,
        retry: 0,
        total: 0,
        chunkCount: 0,
        bwEstimate: 0,
        loading: { start: 0, first: 0, end: 0 },
        parsing: { start: 0, end: 0 },
        buffering: { start: 0, first: 0, end: 0 },
      };
      context: LoaderContext | null = null;
      readonly #life = new AbortController();

      load(context: LoaderContext, _: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
        this.context = context;
        this.stats.loading.start = performance.now();
        server.running += 1;
        void server.#answer(context.url, this.#life.signal).then((body) => {
          server.running -= 1;
          if (this.stats.aborted) return;
          this.stats.loading.first = this.stats.loading.end = performance.now();
          if (typeof body === 'number') {
            callbacks.onError({ code: body, text: 'no' }, context, null, this.stats);
            return;
          }
          this.stats.loaded = this.stats.total = body.length;
          const data = typeof body === 'string' ? body : body.slice().buffer;
          callbacks.onSuccess({ url: context.url, data, code: 200 }, this.stats, context, null);
        });
      }

      abort(): void {
        this.stats.aborted = true;
        this.#life.abort();
      }

      destroy(): void {
        this.abort();
        this.context = null;
      }
    };
  }
}

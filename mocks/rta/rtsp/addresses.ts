import type { SiteCamera } from '#mocks/site/cameras.ts';
import { rtaId } from '../site.ts';

/** What an RTSP URL of this server asks for. */
export type Wish =
  | { readonly kind: 'live'; readonly camera: SiteCamera }
  | { readonly kind: 'playback'; readonly camera: SiteCamera; readonly start: number; readonly end: number };

export interface RtspAddress {
  readonly wish: Wish;
  /** The stream's URL as the client wrote it, without the track. */
  readonly base: string;
  readonly isTrack: boolean;
}

/** Finds cameras by the URLs of the document: `/camera/<id>`, `/<name>`, `/<guid>` and `/playback/<id>?start=…`. */
export class RtspAddresses {
  readonly #byId: ReadonlyMap<string, SiteCamera>;
  readonly #byOther: ReadonlyMap<string, SiteCamera>;

  constructor(cameras: readonly SiteCamera[]) {
    this.#byId = new Map(cameras.map((camera) => [rtaId(camera), camera]));
    this.#byOther = new Map(
      cameras.flatMap((camera) => [[camera.id, camera] as const, [camera.name, camera] as const]),
    );
  }

  /** Undefined: 404. `invalid`: 457, the times are none. */
  find(uri: string): RtspAddress | 'invalid' | undefined {
    const isTrack = /\/trackID=1\/?$/.test(uri);
    // Clients put the track behind the query, as RFC 2326 C.1.1 has it.
    const base = uri.replace(/\/trackID=1\/?$/, '').replace(/\/$/, '');
    const url = URL.parse(base);
    if (url?.protocol !== 'rtsp:') return undefined;
    const parts = url.pathname
      .split('/')
      .slice(1)
      .map((part) => decodeURIComponent(part));
    const [first = '', second] = parts;
    if (parts.length > 2) return undefined;
    const camera =
      second === undefined
        ? this.#byOther.get(first)
        : first === 'camera' || first === 'playback'
          ? this.#byId.get(second)
          : undefined;
    if (camera === undefined) return undefined;
    if (first !== 'playback' || second === undefined)
      return { wish: { kind: 'live', camera }, base, isTrack };
    const start = Date.parse(url.searchParams.get('start') ?? '');
    const duration = Number(url.searchParams.get('duration') ?? Number.NaN);
    const end = url.searchParams.has('end')
      ? Date.parse(url.searchParams.get('end') ?? '')
      : start + duration * 1000;
    if (!(start < end)) return 'invalid';
    return { wish: { kind: 'playback', camera, start, end }, base, isTrack };
  }
}

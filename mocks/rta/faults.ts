import type { SiteSpan } from '#mocks/site/recordings.ts';

/** The parts of the pretend server that can be slowed or broken by themselves. */
export const surfaces = ['cameras', 'recordings', 'export', 'token'] as const;
export type Surface = (typeof surfaces)[number];

export interface SurfaceFault {
  /** Added to every answer, ms. */
  readonly latencyMs?: number;
  /** Every call gets this status, with a page that tells more than it should. */
  readonly failWith?: 401 | 403 | 404 | 429 | 500 | 503;
  /**
   * `not-json`: half of the answer; `wrong-shape`: JSON with a field of another kind; `one-odd`: the same, but only in the
   * first entry of a list.
   */
  readonly malformed?: 'not-json' | 'wrong-shape' | 'one-odd';
  /** Files break off after about so many bytes. */
  readonly cutAfterBytes?: number;
}

/** What RTSP answers for one camera, and what of its recordings is missing. */
export interface CameraFault {
  /** DESCRIBE of live and playback is answered so. */
  readonly rtsp?: 403 | 404 | 503;
  /** DESCRIBE of playback is answered so; live goes on. */
  readonly playback?: 403 | 404 | 503;
  /** PLAY is answered 454: the server has forgotten the session at once. */
  readonly forgetsSessions?: boolean;
  /** Playback breaks the connection after so many pictures. */
  readonly cutAfterPictures?: number;
  /** Playback sends nothing more after so many pictures, and says nothing either. */
  readonly silentAfterPictures?: number;
  /** What was not recorded beside what the site's rhythm says. */
  readonly gaps?: readonly SiteSpan[];
}

/** What is wrong with the pretend server at the moment. Nothing, to begin with; every switch takes effect at once. */
export class RtaFaults {
  readonly #surfaces = new Map<Surface, SurfaceFault>();
  readonly #cameras = new Map<number, CameraFault>();
  /** Exports that were taken come to nothing. */
  failsExports = false;
  /** Where exports are said to be, if not here. */
  exportsAt: string | undefined;

  surface(name: Surface): SurfaceFault {
    return this.#surfaces.get(name) ?? {};
  }

  /** Replaces what was set for this surface; an empty fault mends it. */
  setSurface(name: Surface, fault: SurfaceFault): void {
    this.#surfaces.set(name, fault);
  }

  camera(number: number): CameraFault {
    return this.#cameras.get(number) ?? {};
  }

  /** Replaces what was set for this camera; an empty fault mends it. */
  setCamera(number: number, fault: CameraFault): void {
    this.#cameras.set(number, fault);
  }

  /** Mends everything. */
  reset(): void {
    this.failsExports = false;
    this.exportsAt = undefined;
    this.#surfaces.clear();
    this.#cameras.clear();
  }
}

import type { LiveSource } from '#server/vms/vms.ts';

/** What the gateway says of one path. */
export interface PathReport {
  readonly path: string;
  /** `idle`: nobody asked; `connecting`; `running`: pictures flow; `error`: the last attempt failed and another follows. */
  readonly state: 'idle' | 'connecting' | 'running' | 'error';
  /** Why it is in `error`. */
  readonly code?: GatewayErrorCode;
  /** Since when it is in this state, epoch ms. */
  readonly since: number;
  readonly viewers: number;
}

export type GatewayErrorCode =
  /** The gateway itself does not answer. */
  | 'gateway-unavailable'
  /** The camera gives no picture now. */
  | 'camera-offline'
  /** The camera refused our credentials. */
  | 'source-refused'
  | 'codec-unsupported'
  | 'b-frames'
  /** No such path or session (gateway restarted, path not applied yet). */
  | 'not-found'
  /** The SDP or fragment was not acceptable. */
  | 'bad-offer'
  | 'overloaded';

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly retryAfterS: number | undefined;

  constructor(code: GatewayErrorCode, message: string, options?: ErrorOptions & { retryAfterS?: number }) {
    super(message, options);
    this.code = code;
    this.retryAfterS = options?.retryAfterS;
  }
}

export interface WhepAnswer {
  /** The answer SDP with every server candidate in it. */
  readonly sdp: string;
  /** Names the session to this gateway for `patch` and `close`. Opaque; safe to store, never to show. */
  readonly session: string;
  /** Strong, quoted entity tag of the ICE session. */
  readonly etag: string;
}

/** A piece of LL-HLS on its way through. */
export interface HlsAnswer {
  /** 200; 204 for `warm`; 400 and 503 are words of the protocol between player and gateway: pass them on. */
  readonly status: number;
  /** Content type, how long it may be kept, when to ask again. Nothing of the gateway's own. */
  readonly headers: Record<string, string>;
  readonly body: ReadableStream<Uint8Array> | Uint8Array;
}

/** The door to a media gateway: the embedded engine, MediaMTX or go2rtc. Media never passes through the BFF. */
export interface Gateway {
  /** Makes the path exist with this source and start warming up. The same source again changes nothing; a fresh token alone does not disturb viewers. */
  ensurePath(path: string, source: LiveSource, signal: AbortSignal): Promise<void>;
  /** Nobody wants the path any more: it closes after its last viewer and a linger. */
  dropPath(path: string, signal: AbortSignal): Promise<void>;
  paths(signal: AbortSignal): Promise<readonly PathReport[]>;
  /** Answers a WHEP offer. */
  offer(path: string, sdp: string, signal: AbortSignal): Promise<WhepAnswer>;
  /** Trickle or ICE restart; for a restart the answer fragment and the new entity tag. */
  patch(
    session: string,
    fragment: string,
    ifMatch: string | undefined,
    signal: AbortSignal,
  ): Promise<{ fragment: string; etag: string } | undefined>;
  /** Ends a session. One that is gone already is fine. */
  closeSession(session: string, signal: AbortSignal): Promise<void>;
  /**
   * A file of the path's LL-HLS: `index.m3u8`, and what that names, all relative to it. The first one starts it, and so does
   * `index.m3u8` with `warm` in the query, without waiting; it ends by itself when nobody asks any more. Playlists and parts
   * block until there is something new, as their query says. `not-found` for pieces that are gone, and for a media playlist
   * whose stream has ended: the player begins again with `index.m3u8`.
   */
  hls(path: string, file: string, query: URLSearchParams, signal: AbortSignal): Promise<HlsAnswer>;
  /** Changes whenever the gateway restarted and has forgotten its paths. Throws `gateway-unavailable` while it is down. */
  incarnation(signal: AbortSignal): Promise<string>;
}

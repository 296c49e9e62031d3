import { withIce, readIce } from '../sdp-fragment.ts';

/** How the pretend server departs from doing everything right. */
export interface Quirks {
  readonly withoutLocation?: boolean;
  readonly withoutEtag?: boolean;
  readonly counterOffers?: boolean;
  /** Answers any POST with this instead. */
  readonly refuses?: () => Response;
  /** Answers any PATCH with this instead. */
  readonly refusesPatch?: () => Response;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers without candidates, before any is found. */
  readonly answersAtOnce?: boolean;
  /** Waits for this before answering a POST. */
  readonly postHeld?: Promise<unknown>;
  /** Tells when each picture was taken, and in the answer what its clock shows: ahead of the truth by so much, ms. */
  readonly clockAheadMs?: number;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly keepalive: boolean;
}

/**
 * A WHEP server in the page: a second peer connection that sends a moving canvas, behind an injected `fetch`. Does what
 * draft-ietf-wish-whep-04 asks of a server, and less where told so.
 */
export class PretendServer {
  readonly exchanges: Exchange[] = [];
  /** Far ends that are open, by session path. */
  readonly sessions = new Map<string, RTCPeerConnection>();
  quirks: Quirks;
  readonly #stream: MediaStream;
  readonly #stopDrawing: () => void;
  #count = 0;

  constructor(quirks: Quirks = {}) {
    this.quirks = quirks;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [320, 180];
    const brush = there(canvas.getContext('2d'));
    let hue = 0;
    const timer = setInterval(() => {
      hue = (hue + 20) % 360;
      brush.fillStyle = `hsl(${hue} 50% 50%)`;
      brush.fillRect(0, 0, 320, 180);
    }, 40);
    this.#stream = canvas.captureStream(25);
    this.#stopDrawing = () => clearInterval(timer);
  }

  /** Requests of one method, in order. */
  of(method: string): Exchange[] {
    return this.exchanges.filter((exchange) => exchange.method === method);
  }

  /** Ends everything. */
  close(): void {
    this.#stopDrawing();
    for (const track of this.#stream.getTracks()) track.stop();
    for (const connection of this.sessions.values()) connection.close();
    this.sessions.clear();
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input as string, location.href);
    const exchange = {
      method: init?.method ?? 'GET',
      path: url.pathname,
      headers: new Headers(init?.headers),
      body: typeof init?.body === 'string' ? init.body : '',
      keepalive: init?.keepalive ?? false,
    };
    this.exchanges.push(exchange);
    const response = await this.#respond(exchange);
    init?.signal?.throwIfAborted();
    // As a browser says it of an answer that was not redirected.
    Object.defineProperty(response, 'url', { value: url.href });
    return response;
  };

  async #respond({ method, path, headers, body }: Exchange): Promise<Response> {
    if (method === 'POST') return this.#offered(body);
    const connection = this.sessions.get(path);
    if (!connection) return new Response(null, { status: 404 });
    if (method === 'DELETE') {
      connection.close();
      this.sessions.delete(path);
      return new Response(null, { status: 200 });
    }
    if (this.quirks.refusesPatch) return this.quirks.refusesPatch();
    if (headers.get('content-type') === 'application/sdp') {
      await connection.setRemoteDescription({ type: 'answer', sdp: body });
      return new Response(null, { status: 204 });
    }
    return headers.get('if-match') === '*'
      ? this.#restarted(connection, body)
      : this.#trickled(connection, body);
  }

  async #offered(sdp: string): Promise<Response> {
    await this.quirks.postHeld;
    if (this.quirks.refuses) return this.quirks.refuses();
    const connection = new RTCPeerConnection();
    const track = there(this.#stream.getVideoTracks()[0]);
    if (this.quirks.counterOffers) {
      connection.addTransceiver(track, { direction: 'sendonly', streams: [this.#stream] });
      await connection.setLocalDescription(await connection.createOffer());
    } else {
      // Chromium as a sender tells times of capture wherever it is asked to.
      const asked =
        this.quirks.clockAheadMs === undefined ? sdp.replace(/a=extmap:.*capture-time\r\n/, '') : sdp;
      await connection.setRemoteDescription({ type: 'offer', sdp: asked });
      const transceiver = there(connection.getTransceivers()[0]);
      transceiver.direction = 'sendonly';
      await transceiver.sender.replaceTrack(track);
      await connection.setLocalDescription(await connection.createAnswer());
    }
    if (!this.quirks.answersAtOnce) await gathered(connection);
    this.#count += 1;
    const path = `/whep/sessions/${this.#count}`;
    this.sessions.set(path, connection);
    const { clockAheadMs } = this.quirks;
    const clock = clockAheadMs === undefined ? '' : `a=x-capture-clock:${Date.now() + clockAheadMs}\r\n`;
    return new Response(there(connection.localDescription).sdp.replace('m=', `${clock}m=`), {
      status: this.quirks.counterOffers ? 406 : 201,
      headers: {
        'content-type': 'application/sdp',
        // Relative on purpose.
        ...(this.quirks.withoutLocation ? {} : { location: `sessions/${this.#count}` }),
        ...(this.quirks.withoutEtag ? {} : { etag: `"ice-${this.#count}-0"` }),
        ...this.quirks.headers,
      },
    });
  }

  async #trickled(connection: RTCPeerConnection, fragment: string): Promise<Response> {
    for (const candidate of readIce(fragment)?.candidates ?? []) {
      await connection.addIceCandidate({ candidate, sdpMLineIndex: 0 });
    }
    return new Response(null, { status: 204 });
  }

  async #restarted(connection: RTCPeerConnection, fragment: string): Promise<Response> {
    const ice = readIce(fragment);
    if (!ice) return new Response(null, { status: 400 });
    const offer = withIce(there(connection.remoteDescription).sdp, ice).replace(
      /^a=setup:\w+/gm,
      'a=setup:actpass',
    );
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    await connection.setLocalDescription(await connection.createAnswer());
    await gathered(connection);
    const lines = there(connection.localDescription)
      .sdp.split('\r\n')
      .filter((line) => /^a=(ice-ufrag|ice-pwd|candidate|ice-options|mid)|^m=/.test(line));
    return new Response(`${lines.join('\r\n')}\r\n`, {
      status: 200,
      headers: { 'content-type': 'application/trickle-ice-sdpfrag', etag: '"ice-restarted"' },
    });
  }
}

async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === 'complete') return;
  await new Promise<void>((resolve) => {
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') resolve();
    });
  });
}

function there<T>(thing: T | null | undefined): T {
  if (thing === null || thing === undefined) throw new TypeError('The pretend server lacks something');
  return thing;
}

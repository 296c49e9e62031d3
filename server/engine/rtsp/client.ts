import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { receiverReport } from '../rtp/rtcp.ts';
import { Authorizer, type Credentials } from './credentials.ts';
import { RtspError } from './error.ts';
import { RtspReader, type RtspMessage } from './reader.ts';
import { readDescription, type VideoTrack } from './sdp.ts';

export interface RtspTarget {
  /** `rtsp://host[:port]/path?query`, without user and password. */
  readonly url: string;
  readonly credentials?: Credentials | undefined;
  /** Header fields of PLAY. Default: from the beginning, which live is now. */
  readonly play?: Readonly<Record<string, string>>;
}

/** Lets whoever takes the packets be slower than the server: TCP holds it back. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface RtspEvents {
  /** The camera plays; packets follow. */
  playing(video: VideoTrack, flow: Flow): void;
  /** The answer to PLAY, header names in lower case. The first packets may have come before it. */
  played?(headers: ReadonlyMap<string, readonly string[]>): void;
  /** An RTP packet of the video. A view that is valid during the call. */
  rtp(packet: Buffer): void;
  /** An RTCP packet of the video. A view that is valid during the call. */
  rtcp(packet: Buffer): void;
}

export interface RtspTimes {
  /** For the TCP connection and for each answer. */
  readonly answerMs: number;
  /** For the TEARDOWN on the way out. */
  readonly farewellMs: number;
}

const defaultTimes: RtspTimes = { answerMs: 5000, farewellMs: 300 };

/**
 * Plays the video of one camera over one TCP connection (RTSP 1.0, RFC 2326, packets interleaved) until the signal is
 * aborted, then tears the session down and resolves. Rejects with an {@link RtspError} when it cannot be had or ends.
 */
export async function playRtsp(
  target: RtspTarget,
  events: RtspEvents,
  signal: AbortSignal,
  times: RtspTimes = defaultTimes,
): Promise<void> {
  let url = target.url;
  for (let redirects = 0; ; redirects++) {
    const session = new RtspSession({ ...target, url }, events, times);
    const next = await session.run(signal);
    if (next === undefined) return;
    // Credentials and the wall's network must not be led elsewhere by an answer.
    if (redirects === 3 || !isSameHost(target.url, next))
      throw new RtspError('rejected', 'The camera redirects to another place, which is not followed.');
    url = next;
  }
}

function isSameHost(a: string, b: string): boolean {
  if (!URL.canParse(a) || !URL.canParse(b)) return false;
  const from = new URL(a);
  const to = new URL(b);
  return to.protocol === 'rtsp:' && to.hostname === from.hostname && to.username === '';
}

const userAgent = 'Parapet';

class RtspSession {
  readonly #url: string;
  readonly #playFields: Readonly<Record<string, string>>;
  readonly #events: RtspEvents;
  readonly #times: RtspTimes;
  readonly #authorizer: Authorizer | undefined;
  readonly #answers = new Map<number, PromiseWithResolvers<RtspMessage>>();
  #socket: Socket | undefined;
  #sequence = 0;
  #session: string | undefined;
  #broken: RtspError | undefined;
  #rtpChannel = 0;

  constructor(target: RtspTarget, events: RtspEvents, times: RtspTimes) {
    const { url, credentials, play = { Range: 'npt=0.000-' } } = target;
    this.#url = url;
    this.#playFields = play;
    this.#events = events;
    this.#times = times;
    this.#authorizer = credentials === undefined ? undefined : new Authorizer(credentials);
  }

  /** Resolves with undefined after an abort, with a URL on a redirect. */
  async run(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => undefined);
    const socket = this.#connect(ended.reject);
    let timer: NodeJS.Timeout | undefined;
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener(
        'abort',
        () => {
          resolve('aborted');
        },
        { once: true },
      );
    });
    try {
      const first = await Promise.race([this.#open(), ended.promise, aborted]);
      if (first === 'aborted') return undefined;
      if ('redirect' in first) return first.redirect;
      const ssrc = randomInt(1, 2 ** 32);
      timer = setInterval(() => {
        this.#keepAlive(first.method, first.base, ssrc).catch(ended.reject);
      }, first.everyMs);
      await Promise.race([ended.promise, aborted]);
      await this.#farewell(first.base);
      return undefined;
    } catch (error) {
      if (hasEnded(signal)) return undefined;
      throw this.#broken ?? error;
    } finally {
      clearInterval(timer);
      socket.destroy();
      for (const answer of this.#answers.values())
        answer.reject(new RtspError('unreachable', 'The session has ended.'));
    }
  }

  #connect(fail: (error: RtspError) => void): Socket {
    const url = new URL(this.#url);
    const socket = connect({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 554 : Number(url.port),
      noDelay: true,
    });
    this.#socket = socket;
    const broke = (error: RtspError): void => {
      this.#broken ??= error;
      for (const answer of this.#answers.values()) answer.reject(error);
      fail(error);
      socket.destroy();
    };
    const reader = new RtspReader({
      packet: (channel, packet) => {
        if (channel === this.#rtpChannel) this.#events.rtp(packet);
        else if (channel === this.#rtpChannel + 1) this.#events.rtcp(packet);
      },
      message: (message) => {
        this.#receive(message);
      },
    });
    socket.setTimeout(this.#times.answerMs, () => {
      if (socket.connecting) broke(new RtspError('unreachable', 'The camera does not take the connection.'));
    });
    socket.on('data', (chunk) => {
      try {
        reader.push(chunk);
      } catch (error) {
        broke(
          error instanceof RtspError ? error : new RtspError('protocol', 'Reading failed.', { cause: error }),
        );
      }
    });
    socket.on('error', (cause) => {
      broke(new RtspError('unreachable', 'The connection to the camera failed.', { cause }));
    });
    socket.on('close', () => {
      broke(new RtspError('unreachable', 'The camera ended the connection.'));
    });
    return socket;
  }

  async #open(): Promise<{ base: string; method: string; everyMs: number } | { redirect: string }> {
    const options = await this.#request('OPTIONS', this.#url);
    const described = await this.#request('DESCRIBE', this.#url, { Accept: 'application/sdp' });
    if (described.status >= 300 && described.status < 400) {
      const location = described.headers.get('location')?.[0];
      if (location === undefined) throw new RtspError('protocol', 'The camera redirects to nowhere.');
      return { redirect: location };
    }
    expectSuccess(described);
    const description = readDescription(described.body.toString('utf8'));
    const { video } = description;
    if (video === undefined)
      throw new RtspError(
        'no-video',
        description.videoCodecs.length === 0
          ? 'The camera describes no video.'
          : `The camera sends ${description.videoCodecs.join(', ')}, which browsers do not take.`,
      );
    const base = aggregateUrl(this.#url, described, description.control);
    const setup = expectSuccess(
      await this.#request('SETUP', controlUrl(base, video.control), {
        Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
      }),
    );
    const channels = /interleaved=(\d+)/.exec(setup.headers.get('transport')?.[0] ?? '');
    if (channels === null) throw new RtspError('rejected', 'The camera does not send over TCP.');
    this.#rtpChannel = Number(channels[1]);
    const session = setup.headers.get('session')?.[0] ?? '';
    this.#session = session.split(';')[0]?.trim();
    // RFC 2326 12.37: 60 s when the camera names no other time.
    const timeoutS = Number(/timeout\s*=\s*(\d+)/i.exec(session)?.[1] ?? '60') || 60;
    const play = this.#request('PLAY', base, this.#playFields);
    // Told before the answer is awaited: cameras send the first packets in the same breath.
    this.#events.playing(video, {
      pause: () => this.#socket?.pause(),
      resume: () => this.#socket?.resume(),
    });
    this.#events.played?.(expectSuccess(await play).headers);
    const canGet = (options.headers.get('public') ?? []).join(',').includes('GET_PARAMETER');
    return {
      base,
      method: canGet ? 'GET_PARAMETER' : 'OPTIONS',
      everyMs: Math.min(30_000, Math.max(1000, timeoutS * 400)),
    };
  }

  async #keepAlive(method: string, base: string, ssrc: number): Promise<void> {
    const report = receiverReport(ssrc);
    this.#socket?.write(Buffer.concat([Buffer.of(0x24, this.#rtpChannel + 1, 0, report.length), report]));
    const answer = await this.#request(method, base);
    if (answer.status === 454) throw new RtspError('unreachable', 'The camera has forgotten the session.');
  }

  async #farewell(base: string): Promise<void> {
    const patience = new Promise((resolve) => setTimeout(resolve, this.#times.farewellMs));
    await Promise.race([this.#request('TEARDOWN', base).catch(() => undefined), patience]);
  }

  async #request(method: string, uri: string, headers: Record<string, string> = {}): Promise<RtspMessage> {
    for (;;) {
      const answer = await this.#exchange(method, uri, headers);
      if (answer.status === 401) {
        const fields = answer.headers.get('www-authenticate') ?? [];
        if (this.#authorizer?.challenge(fields) === true) continue;
        throw new RtspError('refused', 'The camera does not accept the user name and password.', {
          status: 401,
        });
      }
      if (answer.status === 403)
        throw new RtspError('refused', 'The camera does not allow this user.', { status: 403 });
      return answer;
    }
  }

  async #exchange(method: string, uri: string, headers: Record<string, string>): Promise<RtspMessage> {
    if (this.#broken !== undefined) throw this.#broken;
    const sequence = ++this.#sequence;
    const authorization = this.#authorizer?.header(method, uri);
    const fields: Record<string, string> = {
      CSeq: String(sequence),
      'User-Agent': userAgent,
      ...(authorization === undefined ? {} : { Authorization: authorization }),
      ...(this.#session === undefined ? {} : { Session: this.#session }),
      ...headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    const answer = Promise.withResolvers<RtspMessage>();
    this.#answers.set(sequence, answer);
    const timer = setTimeout(() => {
      answer.reject(new RtspError('unreachable', `The camera does not answer ${method}.`));
    }, this.#times.answerMs);
    try {
      this.#socket?.write(`${method} ${uri} RTSP/1.0\r\n${lines.join('\r\n')}\r\n\r\n`);
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#answers.delete(sequence);
    }
  }

  #receive(message: RtspMessage): void {
    const sequence = Number(message.headers.get('cseq')?.[0] ?? Number.NaN);
    if (message.status === 0) {
      // A request from the server. Nothing is offered to it but to know that we are here.
      const isOptions = message.startLine.startsWith('OPTIONS ');
      const status = isOptions ? '200 OK' : '501 Not Implemented';
      this.#socket?.write(`RTSP/1.0 ${status}\r\nCSeq: ${String(sequence)}\r\n\r\n`);
      return;
    }
    // Some cameras forget the CSeq; there is never more than a keep-alive and one other request under way.
    const key = this.#answers.has(sequence)
      ? sequence
      : Number.isNaN(sequence)
        ? [...this.#answers.keys()][0]
        : undefined;
    if (key !== undefined) this.#answers.get(key)?.resolve(message);
  }
}

/** Asked anew each time: what was not aborted a moment ago may be now. */
const hasEnded = (signal: AbortSignal): boolean => signal.aborted;

function expectSuccess(answer: RtspMessage): RtspMessage {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const { status } = answer;
  if (status === 404 || status === 454)
    throw new RtspError('no-such-path', 'The camera knows no such stream.', { status });
  throw new RtspError('rejected', `The camera answers ${String(status)}.`, { status });
}

/** The URL that PLAY and TEARDOWN name (RFC 2326 C.1.1). */
function aggregateUrl(requested: string, answer: RtspMessage, control: string | undefined): string {
  const base =
    answer.headers.get('content-base')?.[0] ?? answer.headers.get('content-location')?.[0] ?? requested;
  const absolute = /^rtsp:\/\//i.test(base) ? base : requested;
  return controlUrl(absolute, control);
}

/** A relative control is put behind the base as it stands: cameras mean it so, and URL resolution would eat their queries. */
function controlUrl(base: string, control: string | undefined): string {
  if (control === undefined) return base;
  if (/^rtsp:\/\//i.test(control)) return control;
  return base.endsWith('/') ? base + control : `${base}/${control}`;
}

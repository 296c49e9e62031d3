import { codecs } from '../h26x/codecs.ts';
import type { CodecName } from '../h26x/codec.ts';
import { EngineError, type EngineErrorCode } from '../error.ts';
import { Assembly, type Picture } from '../hls/assembly.ts';
import { mediaPacket, readRtp } from '../rtp/packet.ts';
import { ParameterSets } from '../rtp/parameter-sets.ts';
import { type Flow, playRtsp } from '../rtsp/client.ts';
import type { Credentials } from '../rtsp/credentials.ts';
import { RtspError, type RtspErrorCode } from '../rtsp/error.ts';
import type { VideoTrack } from '../rtsp/sdp.ts';
import { rangeStart, RecordedClock, replayTime, rtpTimeOf } from './recorded-clock.ts';

/** A window of a recording, as a time-shifted RTSP URL gives it. */
export interface PlaybackRequest {
  /** `rtsp://host[:port]/playback/…?start=…`, without user and password. */
  readonly source: string;
  readonly credentials: Credentials | undefined;
  /** What the URL asks for, epoch ms of the recorder's clock; pictures from `endMs` on are left out. */
  readonly startMs: number;
  readonly endMs: number;
}

/** One recorded picture. */
export interface PlayedPicture {
  readonly codec: CodecName;
  /** Whole epoch ms of the recorder's clock. */
  readonly timeMs: number;
  readonly isKeyframe: boolean;
  /** NAL units without start codes; those of a keyframe begin with its parameter sets. */
  readonly units: readonly Uint8Array[];
}

export interface PlaybackTimes {
  /** Nothing comes for so long: it is over, or broken. */
  readonly silenceMs: number;
  /** The same where the last picture is near the window's end already. */
  readonly endSilenceMs: number;
  /** Nobody takes the pictures for so long. Shorter than RTSP's keep-alive, whose answers wait behind them. */
  readonly unreadMs: number;
}

export const usualPlaybackTimes: PlaybackTimes = { silenceMs: 5000, endSilenceMs: 1000, unreadMs: 15_000 };

/** From here on the server is held back, and let go on below the second, bytes. */
const fullAt = 1024 * 1024;
const lowAt = 256 * 1024;
/** A picture this close to the window's end may be its last one, ms: spans are told in whole seconds. */
const nearEndMs = 2000;

const codes: Readonly<Record<RtspErrorCode, EngineErrorCode>> = {
  unreachable: 'camera-offline',
  refused: 'source-refused',
  'no-such-path': 'not-found',
  rejected: 'camera-offline',
  'no-video': 'codec-unsupported',
  protocol: 'camera-offline',
};

/** Invalid Range (RFC 2326 11.3.6): nothing is there at this time. */
const invalidRange = 457;

function known(error: unknown): unknown {
  if (!(error instanceof RtspError)) return error;
  const code = error.status === invalidRange ? 'not-found' : codes[error.code];
  return new EngineError(code, error.message, { cause: error });
}

/**
 * Plays a window of a recording. Resolves once the server has accepted; rejects with an {@link EngineError} when it
 * does not, `not-found` where there is nothing at that time. The pictures come in the order of decoding, begin with a
 * keyframe, and end with the window or the recording; the iterator throws an `EngineError` when they break off. Leaving
 * it early, or aborting, ends the session. Whoever reads slowly holds the server back.
 */
export async function openPlayback(
  request: PlaybackRequest,
  signal: AbortSignal,
  times: PlaybackTimes = usualPlaybackTimes,
): Promise<AsyncGenerator<PlayedPicture, void, undefined>> {
  const session = new Playback(request, times);
  const leave = (): void => session.close();
  signal.addEventListener('abort', leave, { once: true });
  const done = (): void => signal.removeEventListener('abort', leave);
  try {
    signal.throwIfAborted();
    await session.accepted;
    signal.throwIfAborted();
  } catch (error) {
    done();
    session.close();
    throw error;
  }
  async function* pictures(): AsyncGenerator<PlayedPicture, void, undefined> {
    try {
      for (;;) {
        const picture = await session.take();
        signal.throwIfAborted();
        if (picture === undefined) return;
        yield picture;
      }
    } finally {
      done();
      session.close();
    }
  }
  return pictures();
}

/** How it has ended. */
type End = { readonly error: unknown } | 'complete';

class Playback {
  readonly accepted: Promise<void>;
  readonly #request: PlaybackRequest;
  readonly #times: PlaybackTimes;
  readonly #ending = new AbortController();
  #video: VideoTrack | undefined;
  #flow: Flow | undefined;
  #sets: ParameterSets | undefined;
  #assembly: Assembly | undefined;
  #clock: RecordedClock | undefined;
  /** Packets that came before the answer that says which time they have. */
  #early: Buffer[] | undefined = [];
  #sequence: number | undefined;
  #ssrc: number | undefined;
  #stamp: { readonly timestamp: number; readonly timeMs: number } | undefined;
  #lastMs: number | undefined;
  #queue: PlayedPicture[] = [];
  #queuedBytes = 0;
  #isHeldBack = false;
  #wake: (() => void) | undefined;
  #end: End | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: PlaybackRequest, times: PlaybackTimes) {
    this.#request = request;
    this.#times = times;
    const accepted = Promise.withResolvers<undefined>();
    accepted.promise.catch(() => undefined);
    this.accepted = accepted.promise;
    playRtsp(
      {
        url: request.source,
        credentials: request.credentials,
        // As fast as it is taken (ONVIF Streaming 6.4); who does not know the field plays at the recorded speed.
        play: { Range: 'npt=0.000-', 'Rate-Control': 'no' },
      },
      {
        playing: (video, flow) => this.#describe(video, flow),
        played: (headers) => {
          this.#begin(headers);
          accepted.resolve(undefined);
        },
        rtp: (packet) => {
          if (this.#early === undefined) this.#packet(packet);
          else this.#early.push(Buffer.from(packet));
        },
        rtcp: (packet) => {
          if (hasGoodbye(packet)) this.#finish('complete');
        },
      },
      this.#ending.signal,
    ).then(
      () => {
        this.#finish('complete');
        accepted.reject(new EngineError('camera-offline', 'The recording has been left.'));
      },
      (error: unknown) => {
        // A server that hangs up where the window ends has said all.
        this.#finish(this.#isNearEnd ? 'complete' : { error: known(error) });
        accepted.reject(known(error));
      },
    );
  }

  /** The next picture, undefined at the end. Throws what broke it, once what came before has been taken. */
  async take(): Promise<PlayedPicture | undefined> {
    for (;;) {
      const picture = this.#queue.shift();
      if (picture !== undefined) {
        this.#queuedBytes -= sizeOf(picture);
        if (this.#isHeldBack && this.#queuedBytes < lowAt) this.#goOn();
        return picture;
      }
      if (this.#end === 'complete') return undefined;
      if (this.#end !== undefined) throw this.#end.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ends the session. Safe to call twice. */
  close(): void {
    this.#finish('complete');
    this.#queue = [];
  }

  get #isNearEnd(): boolean {
    return this.#lastMs !== undefined && this.#lastMs >= this.#request.endMs - nearEndMs;
  }

  #describe(video: VideoTrack, flow: Flow): void {
    const codec = codecs[video.codec];
    this.#video = video;
    this.#flow = flow;
    this.#sets = new ParameterSets(codec);
    for (const set of video.parameterSets) this.#sets.store(set);
    this.#assembly = new Assembly(codec, (picture) => this.#picture(picture));
    this.#listen();
  }

  #begin(headers: ReadonlyMap<string, readonly string[]>): void {
    const { startMs, endMs } = this.#request;
    this.#clock = new RecordedClock({
      startMs,
      endMs,
      clockRate: this.#video?.clockRate ?? 90_000,
      rangeMs: rangeStart(headers.get('range')?.[0]),
      rtpTime: rtpTimeOf(headers.get('rtp-info')?.[0]),
    });
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const packet of early) this.#packet(packet);
  }

  #packet(packet: Buffer): void {
    const header = readRtp(packet);
    if (this.#end !== undefined || header === undefined || header.payloadType !== this.#video?.payloadType)
      return;
    this.#listen();
    if (this.#ssrc !== undefined && header.ssrc !== this.#ssrc) {
      // Its clock has nothing to do with the one before; where it stands only a new request can tell.
      this.#finish({ error: new EngineError('camera-offline', 'The recording goes on with another clock.') });
      return;
    }
    this.#ssrc = header.ssrc;
    // A hole: the server was too slow for itself. What leans on it is left out.
    if (this.#sequence !== undefined && header.sequence !== ((this.#sequence + 1) & 0xffff))
      this.#assembly?.restart();
    this.#sequence = header.sequence;
    if (this.#stamp?.timestamp !== header.timestamp) {
      const timeMs = this.#clock?.timeOf(header.timestamp, replayTime(packet)) ?? 0;
      this.#stamp = { timestamp: header.timestamp, timeMs };
    }
    const payload = packet.subarray(header.start, header.end);
    if (payload.length === 0) return;
    this.#assembly?.packet(mediaPacket([payload], this.#stamp.timeMs, header.marker));
  }

  #picture({ timestamp, isKeyframe, parameterSets, units }: Picture): void {
    const [sets, video] = [this.#sets, this.#video];
    if (this.#end !== undefined || sets === undefined || video === undefined) return;
    const timeMs = Math.round(timestamp);
    if (timeMs >= this.#request.endMs) {
      this.#finish('complete');
      return;
    }
    if (this.#lastMs !== undefined && timeMs < this.#lastMs) {
      this.#finish({ error: new EngineError('b-frames', 'The recording’s pictures are not in order.') });
      return;
    }
    this.#lastMs = timeMs;
    for (const set of parameterSets) sets.store(set);
    const leading = isKeyframe ? (parameterSets.length > 0 ? parameterSets : (sets.all() ?? [])) : [];
    const picture = { codec: video.codec, timeMs, isKeyframe, units: [...leading, ...units] };
    this.#queue.push(picture);
    this.#queuedBytes += sizeOf(picture);
    if (!this.#isHeldBack && this.#queuedBytes > fullAt) {
      this.#isHeldBack = true;
      this.#flow?.pause();
      this.#listen();
    }
    this.#wake?.();
  }

  #goOn(): void {
    this.#isHeldBack = false;
    this.#flow?.resume();
    this.#listen();
  }

  /** Waits for the next packet, or for the reader. */
  #listen(): void {
    clearTimeout(this.#timer);
    if (this.#end !== undefined) return;
    const { silenceMs, endSilenceMs, unreadMs } = this.#times;
    const patienceMs = this.#isHeldBack ? unreadMs : this.#isNearEnd ? endSilenceMs : silenceMs;
    this.#timer = setTimeout(() => {
      if (this.#isHeldBack)
        this.#finish({ error: new EngineError('overloaded', 'Nobody takes the recording.') });
      else if (this.#isNearEnd) this.#finish('complete');
      else this.#finish({ error: new EngineError('camera-offline', 'The recording has gone silent.') });
    }, patienceMs);
    this.#timer.unref();
  }

  #finish(end: End): void {
    clearTimeout(this.#timer);
    this.#end ??= end;
    this.#ending.abort();
    this.#wake?.();
  }
}

const sizeOf = ({ units }: PlayedPicture): number => units.reduce((sum, { length }) => sum + length, 0);

/** Whether a compound RTCP packet says BYE (RFC 3550 6.6). */
function hasGoodbye(packet: Buffer): boolean {
  for (let at = 0; at + 4 <= packet.length; at += 4 + packet.readUInt16BE(at + 2) * 4)
    if (packet.readUInt8(at + 1) === 203) return true;
  return false;
}

import { captureTimeUri, ntpEpochMs } from '#contract/capture-time.ts';

/** Ticks of a video clock in a millisecond (RFC 6184 §8.2.1). */
const ticksPerMs = 90;
/** Pictures whose stamps are nearer to each other, or that come so long after the one before, may be old ones, ms. */
const [leastStepMs, longestGapMs] = [10, 300];
/** What is known stays true for so long where pictures come as they should, ms. */
const askEveryMs = 1000;

/** What the types of this TypeScript lack. */
type Source = RTCRtpSynchronizationSource & { readonly captureTimestamp?: number };
interface Extensible {
  getHeaderExtensionsToNegotiate?(): { readonly uri: string; readonly direction: string }[];
  setHeaderExtensionsToNegotiate?(extensions: { readonly uri: string; readonly direction: string }[]): void;
}

/** Has the offer ask when each picture was taken. Chromium can, and does not unless it is told to. */
export function askCaptureTimes(transceiver: RTCRtpTransceiver & Extensible): void {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  if (!extensions) return;
  transceiver.setHeaderExtensionsToNegotiate?.(
    extensions.map((one) => (one.uri === captureTimeUri ? { ...one, direction: 'recvonly' } : one)),
  );
}

/** What the sender's clock showed when it wrote this answer, epoch ms; undefined where it does not say. */
export function clockOf(answer: string): number | undefined {
  const value = /^a=x-capture-clock:(\d{1,15})\r?$/m.exec(answer)?.[1];
  return value === undefined ? undefined : Number(value);
}

/**
 * When the pictures of one reception were taken, by the sender's clock. The browser tells it of one picture at a time, and
 * asking stops the page for as long as its media threads are busy: so it is asked only where stamps alone could deceive.
 */
export class CaptureTimes {
  readonly #receiver: Pick<RTCRtpReceiver, 'getSynchronizationSources'>;
  #source: Source | undefined;
  #stamp = 0;
  #at = -Infinity;
  #askedAt = -Infinity;

  constructor(receiver: Pick<RTCRtpReceiver, 'getSynchronizationSources'>) {
    this.#receiver = receiver;
  }

  /** Of the picture that is on the screen now (`now`: monotonic ms), epoch ms; undefined where nobody tells. */
  of(rtpTimestamp: number, now: number): number | undefined {
    const stepMs = ((rtpTimestamp - this.#stamp) | 0) / ticksPerMs;
    const isSure = stepMs >= leastStepMs && now - this.#at < longestGapMs && now - this.#askedAt < askEveryMs;
    if (!isSure) {
      this.#askedAt = now;
      [this.#source] = this.#receiver.getSynchronizationSources();
    }
    this.#stamp = rtpTimestamp;
    this.#at = now;
    const { captureTimestamp, rtpTimestamp: known } = this.#source ?? {};
    if (captureTimestamp === undefined || known === undefined) return undefined;
    return captureTimestamp - ntpEpochMs + ((rtpTimestamp - known) | 0) / ticksPerMs;
  }
}

import type { Still } from '#server/vms/recordings.ts';
import { VmsError, type VmsStills } from '#server/vms/vms.ts';
import { LastAnswer } from './recordings/last-answer.ts';
import { NotOffered, readTime, type RecorderParts } from './recordings/recorder-parts.ts';
import { RecorderSoap } from './recordings/recorder-soap.ts';
import { anyCan } from './recordings/sampling.ts';

/** It is not tried any longer than this to find out whether there are any, ms. */
const probeMs = 5000;
/** Wide enough to tell a recorder that transcodes from one that does not, px. */
const probeWidth = 160;

export interface LiveStillsParts extends RecorderParts {
  /** Ends with the adapter. */
  readonly closed: AbortSignal;
  /** A few cameras to try things on, best on several recorders. */
  sampleCameras(signal: AbortSignal): Promise<readonly string[]>;
}

/**
 * JPEGs of live pictures by `JPEGGetLive` of the recorders' SOAP: one question, one picture in the wished size, nothing
 * that keeps running. Its few calls at a time are its own; nobody's timeline waits for them.
 */
export class XProtectStills implements VmsStills {
  readonly #parts: LiveStillsParts;
  readonly #soap: RecorderSoap;
  readonly #offer: LastAnswer<boolean>;

  constructor(parts: LiveStillsParts) {
    this.#parts = parts;
    this.#soap = new RecorderSoap(parts);
    this.#offer = new LastAnswer(
      async (signal) =>
        anyCan(
          await parts.sampleCameras(signal),
          (cameraId, ending) => this.#makes(cameraId, ending),
          signal,
        ),
      probeMs,
      parts.closed,
    );
  }

  async isOffered(caller: AbortSignal): Promise<boolean> {
    return this.#offer.get(this.#alive(caller));
  }

  async live(cameraId: string, width: number, caller: AbortSignal): Promise<Still | undefined> {
    const deviceId = cameraId.toLowerCase();
    // A camera id goes into XML: only a GUID may.
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(deviceId))
      throw new VmsError('unknown-camera', 'XProtect has no such camera');
    // A height to go with the width is asked for: what nought means to a recorder is not on record.
    const px = Math.min(3840, Math.max(16, Math.floor(width)));
    const xml = await this.#soap.call(
      deviceId,
      'JPEGGetLive',
      `<deviceId>${deviceId}</deviceId><maxWidth>${px}</maxWidth><maxHeight>${px}</maxHeight>`,
      this.#alive(caller),
    );
    return readJpegData(xml);
  }

  #alive(caller: AbortSignal): AbortSignal {
    const signal = AbortSignal.any([caller, this.#parts.closed]);
    signal.throwIfAborted();
    return signal;
  }

  async #makes(cameraId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.live(cameraId, probeWidth, signal);
      return true;
    } catch (error) {
      if (error instanceof NotOffered) return false;
      throw error;
    }
  }
}

/** The picture in an answer, or undefined where the recorder has none. Throws {@link VmsError} for what is no JPEG. */
export function readJpegData(xml: string): Still | undefined {
  const data = contentOf(xml, 'Data');
  if (data === undefined) return undefined;
  const jpeg = Buffer.from(data, 'base64');
  const timeMs = readTime(contentOf(xml, 'Time') ?? '');
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8 || Number.isNaN(timeMs))
    throw new VmsError('unexpected-answer', 'The recorder sent a still that is no JPEG');
  return { timeMs, jpeg };
}

/** A hundred kilobytes of base64 need no parser: the element, whatever its prefix; undefined where it is empty or missing. */
function contentOf(xml: string, name: string): string | undefined {
  const [opening] = new RegExp(`<(?:\\w+:)?${name}>`).exec(xml) ?? [];
  if (opening === undefined) return undefined;
  const from = xml.indexOf(opening) + opening.length;
  const to = xml.indexOf('<', from);
  return to > from ? xml.slice(from, to).trim() : undefined;
}

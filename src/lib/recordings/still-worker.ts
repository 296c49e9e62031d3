import type { CodedGroup } from './gop-decoder.ts';
import { KeyframeDecoder } from './keyframe-decoder.ts';
import { PastError, type PastErrorCode } from './past-error.ts';
import { smallKeyframe } from './small-keyframe.ts';

/** A small picture that the page wants. */
export interface StillOrder {
  readonly number: number;
  /** Orders of one lane are done one after the other, by one decoder. */
  readonly lane: number;
  readonly keyframe: CodedGroup;
  /** px */
  readonly width: number;
}

/** What became of it. */
export type StillAnswer =
  | { readonly number: number; readonly bitmap: ImageBitmap }
  | { readonly number: number; readonly code: PastErrorCode; readonly message: string };

/** What a worker sees of itself; TypeScript's library for pages does not know it. */
interface WorkerSide {
  postMessage(answer: StillAnswer, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<StillOrder>) => void): void;
}
const side = globalThis as unknown as WorkerSide;

const decoders = new Map<number, KeyframeDecoder>();

async function carryOut({ number, lane, keyframe, width }: StillOrder): Promise<void> {
  const decoder = decoders.get(lane) ?? new KeyframeDecoder();
  decoders.set(lane, decoder);
  try {
    const bitmap = await smallKeyframe(decoder, keyframe, width);
    side.postMessage({ number, bitmap }, [bitmap]);
  } catch (cause) {
    const { code, message } =
      cause instanceof PastError ? cause : new PastError('damaged', 'The keyframe cannot be made small');
    side.postMessage({ number, code, message }, []);
  }
}

side.addEventListener('message', ({ data: order }) => void carryOut(order));

import type { LatencyChoice } from './media-source.ts';

/**
 * What is kept in the jitter buffer at least, ms (`jitterBufferTarget`, 0 to 4000, W3C webrtc-extensions); null leaves it to
 * the browser. It may always keep more where packets come unevenly.
 */
const targetMs: Readonly<Record<LatencyChoice, number | null>> = { lowest: 0, balanced: null, smooth: 400 };

/** How much further from the live edge than the server asks for a buffered way plays, s. */
export const behindEdgeS: Readonly<Record<LatencyChoice, number>> = { lowest: 0, balanced: 0, smooth: 2 };

/** Makes a receiver of WebRTC buffer by choice, WHEP's as LiveKit's. Does nothing where the browser cannot. */
export function setBuffer(receiver: RTCRtpReceiver, choice: LatencyChoice): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = targetMs[choice];
}
